"""Reading PromQL back: which series an expression asks for."""

from __future__ import annotations

from typing import Any

import promql_parser


def selectors(node: Any) -> set[promql_parser.VectorSelector]:  # noqa: ANN401  # the wheel has no types
    """Collect the vector selectors of a parsed expression, those inside ranges too."""
    if isinstance(node, promql_parser.VectorSelector):
        return {node}
    if isinstance(node, promql_parser.MatrixSelector):
        return {node.vector_selector}
    children = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param")]
    children += list(getattr(node, "args", None) or [])
    return {found for child in children if child is not None for found in selectors(child)}
