"""promql/performance: what is recorded is not computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import bare, is_scalar, places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded, WrittenRule
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node, Place

ID = "promql/performance"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a part of an expression that a rule records as it stands."""
    recorded: dict[str, WrittenRule] = {}
    for rule, tree in loaded.parsed:
        if not rule.alert and not rule.labels and _worth_it(bare(tree)):
            recorded.setdefault(str(bare(tree)), rule)
    for rule, tree in loaded.parsed:
        parts = {str(place.node): place for place in places(tree)}
        for text in sorted(parts.keys() & recorded.keys()):
            if recorded[text].name != rule.name and not _combined(parts[text]):
                part = short(parts[text].node)
                yield rule.problem(ID, f"{part} is recorded as {recorded[text].name}: use that")


def _combined(place: Place) -> bool:
    """Say whether a part meets another one: they belong to one moment, a record to an earlier."""
    return any(
        isinstance(node, promql_parser.BinaryExpr)
        and not (is_scalar(node.lhs) or is_scalar(node.rhs))
        for node in place.above
    )


def _worth_it(node: Node) -> bool:
    """Say whether a node reads more than one point of a series."""
    costly = (promql_parser.MatrixSelector, promql_parser.SubqueryExpr, promql_parser.AggregateExpr)
    return any(isinstance(place.node, costly) for place in places(node))
