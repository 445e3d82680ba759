"""promql/vector_matching: both sides of an operation have the labels by which they are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from alerts.reading.shapes import matched_labels
from slo.promql_tree import SET_OPERATORS, binaries, is_scalar, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from alerts.reading.shapes import Shape, Values
    from slo.promql_tree import Node

ID = "promql/vector_matching"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an operation whose sides never meet, or meet more than once."""
    for rule, tree in loaded.parsed:
        found = {message for node in binaries(tree) for message in wrong_match(node, loaded)}
        for message in sorted(found):
            yield rule.problem(ID, message)


def wrong_match(node: promql_parser.BinaryExpr, loaded: Loaded) -> Iterator[str]:
    """Yield what is wrong with one operation between two vectors."""
    left, right = (loaded.known.shapes.of(side) for side in (node.lhs, node.rhs))
    if left is None or right is None or is_scalar(node.lhs) or is_scalar(node.rhs):
        return
    modifier, op = node.modifier, str(node.op)
    chosen = modifier is not None and modifier.matching is not None
    if op == "or" and not chosen:
        return  # what has no match on the left is added
    labels = matched_labels(modifier, left, right)
    for label in sorted(labels):
        for side, shape in ((node.lhs, left), (node.rhs, right)):
            if label not in shape and (chosen or _always(label, left, right)):
                yield f"{op} is matched by {label}, which {short(side)} does not have"
        if op != "or" and _apart(left.get(label), right.get(label)):
            yield f"{op} is matched by {label}, of which the sides never have the same value"
    if op not in SET_OPERATORS:
        yield from _many(modifier, (node.lhs, left), (node.rhs, right), labels)


def _always(label: str, *shapes: Shape) -> bool:
    """Say whether every series of the side with the label has it."""
    return all("" not in (shape.get(label) or ()) for shape in shapes)


def _apart(left: Values, right: Values) -> bool:
    return left is not None and right is not None and left.isdisjoint(right)


def _many(
    modifier: promql_parser.BinModifier | None,
    left: tuple[Node, Shape],
    right: tuple[Node, Shape],
    labels: set[str],
) -> Iterator[str]:
    """Yield a side that can have two series for one of the other, and may not."""
    cards = promql_parser.VectorMatchCardinality
    card = cards.OneToOne if modifier is None else modifier.card
    single = [left] * (card != cards.ManyToOne) + [right] * (card != cards.OneToMany)
    for node, shape in single:
        rest = sorted(k for k, values in shape.items() if k not in labels and _several(values))
        if rest:
            yield (
                f"{short(node)} can have several series for one of the other side, by "
                f"{', '.join(rest)}: aggregate it, or say group_left or group_right"
            )


def _several(values: Values) -> bool:
    return values is None or len(values) > 1
