"""promql/impossible: every part of an expression can have a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from alerts.reading.unknown import lost_labels
from slo.promql_tree import ABSENCE, bare, binaries, called, filters, number, places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "promql/impossible"
# Nothing counts as no series, and not as 0.
NEVER_ZERO = ("count", "group", *ABSENCE, "count_over_time")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a part that is always empty, whatever is scraped."""
    for rule, tree in loaded.parsed:
        found = {
            *_contradictions(tree, loaded),
            *lost_labels(tree, loaded.known),
            *_never_zero(tree),
        }
        for message in sorted(found):
            yield rule.problem(ID, message)


def _contradictions(tree: Node, loaded: Loaded) -> Iterator[str]:
    for place in places(tree):
        if not isinstance(place.node, promql_parser.VectorSelector):
            continue
        shape = loaded.known.shapes.of(place.node) or {}
        equal = [m for m in place.node.matchers.matchers if m.op == promql_parser.MatchOp.Equal]
        twice = {m.name for m in equal for n in equal if m.name == n.name and m.value != n.value}
        empty = {name for name, values in shape.items() if values == frozenset()}
        for name in sorted(twice | empty):
            yield f"{short(place.node)}: no value of {name} fulfils these conditions"


def _never_zero(tree: Node) -> Iterator[str]:
    for node in binaries(tree):
        if not filters(node) or called(bare(node.lhs)) not in NEVER_ZERO:
            continue
        value, op = number(node.rhs), str(node.op)
        below = value is not None and ((op == "<" and value <= 1) or (op == "<=" and value < 1))
        if below or (op == "==" and value == 0):
            name = called(bare(node.lhs))
            yield f"{name}() {op} {short(node.rhs)}: {name}() of nothing is nothing; use absent()"
