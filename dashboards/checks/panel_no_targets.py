"""dashboards/panel-no-targets-rule: every panel asks something."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.shown import WITHOUT_TARGETS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/panel-no-targets-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a panel without a query that is shown."""
    for panel in loaded.panels:
        shown = [each for each in panel.targets if each.document.get("hide") is not True]
        if not shown and panel.kind not in WITHOUT_TARGETS:
            yield panel.problem(ID, "asks nothing: give it a query", ".targets")
