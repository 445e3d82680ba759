"""alerts/annotation: every alert has its texts, its runbook and its panel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.places import GRAFANA, RUNBOOKS
from alerts.watch import panel_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/annotation"
REQUIRED = ("summary", "description", "runbook_url", "dashboard_url")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an annotation that is missing, or a link that leads elsewhere."""
    for rule in loaded.alerts:
        for name in REQUIRED:
            if not rule.annotations.get(name, "").strip():
                yield rule.problem(ID, f"has no {name}")
        runbook, panel = (rule.annotations.get(name) for name in REQUIRED[2:])
        if runbook and runbook != f"{RUNBOOKS}/{rule.name}":
            yield rule.problem(ID, f"runbook_url is {runbook}: make it {RUNBOOKS}/{rule.name}")
        if panel and panel_of(panel) is None:
            yield rule.problem(ID, f"dashboard_url is {panel}: no panel of {GRAFANA}/d/<uid>")
