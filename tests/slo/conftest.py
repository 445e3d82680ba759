"""A real Prometheus that serves made-up history; nothing here runs unless a test asks."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

# What each series was, as (unix seconds, value).
History = Mapping[str, Sequence[tuple[float, int]]]
Serve = Callable[[History], str]

TOOLS = Path(__file__).parents[2] / ".tools"
# Other programs may have the cores to themselves for a while; nothing here measures time.
PATIENCE_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Counters:
    """Counters of requests, as they are written down scrape by scrape."""

    history: defaultdict[str, list[tuple[float, int]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def grow(self, begin: datetime, steps: Sequence[int], every: int = 60, **labels: str) -> None:
        """Begin at zero and grow by a step at every scrape, so many seconds apart."""
        series, value = name(**labels), 0
        for number, step in enumerate(steps):
            value += step
            self.history[series].append((begin.timestamp() + number * every, value))

    def deliver(self, begin: datetime, steps: Sequence[int]) -> None:
        """Deliver news of matches in time, so many at every scrape, a minute apart."""
        labels = 'job="petswipe-dispatcher",instance="d:9474",topic="match",outcome="delivered"'
        for part in (f"count{{{labels}}}", f'bucket{{{labels},le="60.0"}}'):
            value = 0
            for number, step in enumerate(steps):
                value += step
                series = f"petswipe_notification_delivery_seconds_{part}"
                self.history[series].append((begin.timestamp() + number * 60, value))


@pytest.fixture(scope="module")
def counters() -> Counters:
    """Begin without any counter."""
    return Counters()


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Return a function that serves history from a Prometheus of its own; returns its address."""
    folder = tmp_path_factory.mktemp("prometheus")
    supervisor = Supervisor(folder, Stop())
    promtool = find_tool("promtool", TOOLS, print)
    prometheus = find_tool("prometheus", TOOLS, print)
    config = folder / "prometheus.yml"
    config.write_text("scrape_configs: []\n")

    def serve_history(history: History) -> str:
        port = find_port()
        data = folder / str(port)
        written = folder / f"{port}.openmetrics"
        written.write_text(openmetrics(history))
        subprocess.run(
            [promtool.path, "tsdb", "create-blocks-from", "openmetrics", written, data],
            cwd=promtool.cwd,
            check=True,
            capture_output=True,
            timeout=PATIENCE_SECONDS,
        )
        service = prepare_prometheus(prometheus, config, data, port)
        supervisor.start(
            replace(service, name=f"prometheus-{port}", ready_seconds=PATIENCE_SECONDS)
        )
        return f"http://{HOST}:{port}"

    try:
        yield serve_history
    finally:
        supervisor.stop_all()


def openmetrics(history: History) -> str:
    lines = [
        f"{series} {value} {moment:.3f}"
        for series, points in history.items()
        for moment, value in points
    ]
    return "\n".join([*lines, "# EOF", ""])


def name(
    status: str = "201",
    method: str = "POST",
    route: str = "/api/swipes",
    instance: str = "api:9100",
    le: str = "",
) -> str:
    """Name the series of one status of one operation: its count, or with `le` a bucket."""
    labels = {
        "job": "petswipe-api",
        "instance": instance,
        "http_request_method": method,
        "http_route": route,
        "http_response_status_code": status,
        "error_type": "error" if status.startswith("5") else "",
    } | ({"le": le} if le else {})
    inner = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f"http_server_request_duration_seconds_{'bucket' if le else 'count'}{{{inner}}}"
