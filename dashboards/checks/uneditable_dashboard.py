"""dashboards/uneditable-dashboard-rule: nobody edits in the browser what the next build undoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/uneditable-dashboard-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a dashboard that can be edited, as it can when it does not say."""
    for board in loaded.boards:
        if board.document.get("editable") is not False:
            yield board.problem(ID, "can be edited: set editable to false", "$.editable")
