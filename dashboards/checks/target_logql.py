"""dashboards/target-logql-rule: what is asked of Loki is LogQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.loaded import LOKI
from dashboards.checks.logql import windows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/target-logql-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a query that does not parse once its variables have values."""
    for panel in loaded.panels:
        for target in panel.targets:
            if target.source != LOKI:
                continue
            try:
                windows(target.expanded)
            except (LookupError, ValueError) as error:
                yield target.problem(ID, str(error.args[0]))
