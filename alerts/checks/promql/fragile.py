"""promql/fragile: alerts do not flap by themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from slo.promql_tree import SET_OPERATORS, binaries, called, is_scalar, places, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    import promql_parser

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "promql/fragile"
SAMPLING = ("topk", "bottomk", "limitk", "limit_ratio")
NOT_AT_ALL = timedelta(0)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a sampling function, and one a ratio across jobs that fires at once."""
    for rule, tree in loaded.parsed:
        if not rule.alert:
            continue
        for name in sorted({called(place.node) for place in places(tree)} & set(SAMPLING)):
            yield rule.problem(ID, f"{name}() picks other series each time: the alert flaps")
        if rule.wait() == NOT_AT_ALL and any(_across(node, loaded) for node in binaries(tree)):
            yield rule.problem(
                ID, "compares jobs that are not scraped at once after a restart: wait by `for`"
            )


def _across(node: promql_parser.BinaryExpr, loaded: Loaded) -> bool:
    if str(node.op) in SET_OPERATORS or is_scalar(node.lhs) or is_scalar(node.rhs):
        return False
    left, right = (_jobs(side, loaded) for side in (node.lhs, node.rhs))
    return bool(left) and bool(right) and left.isdisjoint(right)


def _jobs(node: Node, loaded: Loaded) -> frozenset[str]:
    shown = (loaded.known.shapes.of(place.node) or {} for place in selectors(node))
    return frozenset().union(*(shape.get("job") or () for shape in shown))
