"""dashboards/target-promql-rule: what is asked of Prometheus is PromQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.loaded import PROMETHEUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/target-promql-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a query that does not parse once its variables have values."""
    for panel in loaded.panels:
        for target in panel.targets:
            if target.source == PROMETHEUS and target.tree is None:
                yield target.problem(ID, target.error if target.expr else "asks nothing")
