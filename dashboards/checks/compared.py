"""What an alert compares, and whether a query of a panel draws that very thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from alerts.reading.known import names
from slo.promql_tree import bare, filters, number, selectors

if TYPE_CHECKING:
    from alerts.reading.known import Known
    from slo.promql_tree import Node

EQUAL = promql_parser.MatchOp.Equal


def condition(tree: Node) -> tuple[Node, float | None]:
    """Return what an alert compares first, and with which number; None when with none."""
    node = bare(tree)
    while isinstance(node, promql_parser.BinaryExpr) and number(node.rhs) is None:
        node = bare(node.lhs)
    if isinstance(node, promql_parser.BinaryExpr) and filters(node):
        return bare(node.lhs), number(node.rhs)
    return node, None


def draws(drawn: Node, compared: Node) -> bool:
    """Say whether a query draws a series as it is recorded, and all that is compared of it."""
    drawn = bare(drawn)
    both = (drawn, compared)
    if not all(isinstance(node, promql_parser.VectorSelector) for node in both):
        return False
    asked = _equal(compared)
    return drawn.name == compared.name and all(
        asked.get(matcher.name) == matcher.value if matcher.op == EQUAL else _chosen(matcher)
        for matcher in drawn.matchers.matchers
    )


def made_of(drawn: Node, compared: Node, known: Known) -> bool:
    """Say whether a query is made of all series that are compared, and so is absent with them."""
    below = {name for tree in known.below(drawn, set()) for name in names(tree)}
    theirs = [_equal(place.node) for place in selectors(compared)]
    ours = [_equal(place.node) for place in selectors(drawn)]
    return names(compared) <= below and not any(_differ(a, b) for a in theirs for b in ours)


def _chosen(matcher: promql_parser.Matcher) -> bool:
    """Say whether a matcher takes a choice of the reader, which is everything at first."""
    return matcher.op == promql_parser.MatchOp.Re and matcher.value.startswith("$")


def _equal(node: promql_parser.VectorSelector) -> dict[str, str]:
    return {m.name: m.value for m in node.matchers.matchers if m.op == EQUAL}


def _differ(one: dict[str, str], other: dict[str, str]) -> bool:
    return any(other.get(label, value) != value for label, value in one.items())
