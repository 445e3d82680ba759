"""dashboards/template-label-promql-rule: variables ask something that Prometheus understands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.variable_queries import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/template-label-promql-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a variable whose query is none."""
    for board in loaded.boards:
        for at, variable in board.variables_of("query"):
            try:
                asked(board, variable)
            except (LookupError, ValueError) as error:
                said = " ".join(str(error.args[0]).split())
                message = f"variable {variable.get('name')!r}: {said}"
                yield board.problem(ID, message, f"{at}.query")
