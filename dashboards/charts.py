"""Charts of what is not recorded, and those that several boards show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from alerts import exporters
from alerts.signal import Unit
from app.telemetry.catalog import DISPATCH_JOB, JOB
from dashboards.links import logs, traces
from dashboards.model import Kind, Panel, Query
from dashboards.panels import SHARE_ENDS
from dashboards.queries import pick, rate, total
from slo.promql import Matcher

if TYPE_CHECKING:
    from dashboards.panels import Shape

TARGET = ("job", "instance")
EACH = "{{job}} {{instance}}"
# "All" of `$job` is every job, and exporters and Prometheus tell of their processes likewise.
OURS = Matcher("job", "=~", f"{JOB}|{DISPATCH_JOB}")


def chart(
    key: str, title: str, description: str, unit: Unit, *queries: Query, **look: Unpack[Shape]
) -> Panel:
    """Draw what is not recorded over time; a share lies between nothing and all."""
    low, high = SHARE_ENDS if unit is Unit.SHARE else (0.0, None)
    return Panel(
        key=key,
        title=title,
        description=description,
        kind=Kind.TIME_SERIES,
        unit=unit,
        queries=queries,
        width=look.get("width", 12),
        height=look.get("height", 8),
        low=look.get("low", low),
        high=look.get("high", high),
        stacked=look.get("stacked", False),
        nothing=look.get("nothing", ""),
        links=(logs(), traces()) if any(query.exemplars for query in queries) else (),
    )


def process_cpu(key: str, **look: Unpack[Shape]) -> Panel:
    """Draw the cores that processes keep busy."""
    return chart(
        key,
        "Process CPU",
        "Cores that each process keeps busy; a process of the API can use one.",
        Unit.NUMBER,
        Query(rate(pick(exporters.PROCESS_CPU, OURS), *TARGET), EACH),
        **look,
    )


def process_memory(key: str, **look: Unpack[Shape]) -> Panel:
    """Draw the memory that processes keep in RAM."""
    pile = ", one on top of the other" if look.get("stacked") else ""
    return chart(
        key,
        "Process memory",
        f"Memory that each process keeps in RAM{pile}.",
        Unit.BYTES,
        Query(total(pick(exporters.PROCESS_MEMORY, OURS), *TARGET, how="max"), EACH),
        **look,
    )


def process_files(key: str, **look: Unpack[Shape]) -> Panel:
    """Draw the files and connections that processes have open."""
    return chart(
        key,
        "Open files",
        "Files and connections that each process has open.",
        Unit.COUNT,
        Query(total(pick(exporters.PROCESS_FILES, OURS), *TARGET, how="max"), EACH),
        **look,
    )
