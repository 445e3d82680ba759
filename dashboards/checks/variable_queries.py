"""What the variables of a board ask Prometheus."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dashboards.checks.variables import expand
from slo.promql_tree import parse

if TYPE_CHECKING:
    from dashboards.checks.loaded import Board
    from slo.promql_tree import Node

# Grafana's documentation, "Prometheus template variables".
CALL = re.compile(r"\s*(label_names|label_values|metrics|query_result)\((.*)\)\s*", re.DOTALL)
LABEL = re.compile(r"[A-Za-z_]\w*")


def asked(board: Board, variable: dict[str, Any]) -> tuple[Node | None, str]:
    """Return the PromQL in the query of a variable, if it has any, and the label that it lists.

    Raises ValueError for what is no query, LookupError for a variable that the board lacks.
    """
    query = variable.get("query")
    text = str(query.get("query", "") if isinstance(query, dict) else query)
    call = CALL.fullmatch(text)
    if call is None:
        raise ValueError(f"{text!r} is no query of a variable: label_values(series, label)")
    name, inside = call.groups()
    if name in ("label_names", "metrics"):
        return None, ""
    label = ""
    if name == "label_values":
        inside, _, label = (part.strip() for part in inside.rpartition(","))
        if not LABEL.fullmatch(label):
            raise ValueError(f"{text!r} lists no label: label_values(series, label)")
        if not inside:
            return None, label
    return parse(expand(inside, [each for _, each in board.variables])), label
