"""alerts/comparison: every alert compares with a threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import ABSENCE, bare, called, children, filters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "alerts/comparison"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert that fires on any value, 0 too."""
    for rule, tree in loaded.parsed:
        if rule.alert and not conditional(tree):
            yield rule.problem(ID, "fires whatever the value is: compare it with a threshold")


def conditional(node: Node) -> bool:
    """Say whether an expression is empty while nothing is wrong."""
    node = bare(node)
    if isinstance(node, promql_parser.BinaryExpr):
        if filters(node):
            return True
        sides = (conditional(node.lhs), conditional(node.rhs))
        return all(sides) if str(node.op) == "or" else any(sides)
    if called(node) in ABSENCE:
        return True
    return any(conditional(child) for child in children(node))
