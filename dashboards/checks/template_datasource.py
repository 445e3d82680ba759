"""dashboards/template-datasource-rule: the reader chooses the data source, by a known name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Board, Loaded

ID = "dashboards/template-datasource-rule"
ONLY_NAME, ONLY_LABEL = "datasource", "Data source"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a board without a variable for it, and one a name that is not the rule."""
    for board in loaded.boards:
        found = list(board.variables_of("datasource"))
        if not found:
            message = f"no variable of type datasource: add {ONLY_NAME!r}"
            yield board.problem(ID, message, "$.templating.list")
        for at, variable in found:
            yield from _named(board, at, variable, alone=len(found) == 1)


def _named(board: Board, at: str, variable: dict[str, object], *, alone: bool) -> Iterator[Problem]:
    kind = str(variable.get("query"))
    rules = {
        "name": (f"{kind.lower()}_datasource", ONLY_NAME),
        "label": (f"{kind.capitalize()} data source", ONLY_LABEL),
    }
    for key, (specific, only) in rules.items():
        allowed = (specific, only) if alone else (specific,)
        if variable.get(key) not in allowed:
            message = f"{variable.get(key)!r} is not its {key}: {' or '.join(allowed)}"
            yield board.problem(ID, message, f"{at}.{key}")
