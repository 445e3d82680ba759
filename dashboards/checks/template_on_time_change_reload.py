"""dashboards/template-on-time-change-reload-rule: variables list what was there at that time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/template-on-time-change-reload-rule"
ON_TIME_CHANGE = 2


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a queried variable that is not asked again for another time range."""
    for board in loaded.boards:
        for at, variable in board.variables_of("query"):
            if variable.get("refresh") != ON_TIME_CHANGE:
                message = f"variable {variable.get('name')!r}: refresh it on time change, 2"
                yield board.problem(ID, message, f"{at}.refresh")
