"""promql/nan: one part that is no number does not spoil a sum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import promql_parser

from alerts.reading.divisors import divisions, guarded
from slo.promql_tree import binaries, called, filters, number, places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "promql/nan"
SPOILED = ("sum", "avg", "stddev", "stdvar")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an aggregation over an unguarded ratio, or a comparison with NaN."""
    for rule, tree in loaded.parsed:
        for message in sorted({*_spoiled(tree, loaded), *_compared(tree)}):
            yield rule.problem(ID, message)


def _spoiled(tree: Node, loaded: Loaded) -> Iterator[str]:
    for place in places(tree):
        if not isinstance(place.node, promql_parser.AggregateExpr):
            continue
        if called(place.node) not in SPOILED:
            continue
        for node in divisions(place.node.expr):
            if not guarded(node.rhs, loaded.known):
                yield (
                    f"{called(place.node)}() over {short(node)}: one division by 0 and all is NaN; "
                    f"divide by what is `> 0`"
                )


def _compared(tree: Node) -> Iterator[str]:
    for node in binaries(tree):
        sides = (number(node.lhs), number(node.rhs))
        if filters(node) and any(side is not None and math.isnan(side) for side in sides):
            yield f"{short(node)}: nothing compares with NaN, not even NaN"
