"""Which divisors can be 0, and which are guarded against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import ABSENCE, bare, binaries, called, filters, number, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.known import Known
    from slo.promql_tree import Node

DIVISIONS = ("/", "%")
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}
# Nothing counts as no series, never as 0.
NEVER_ZERO = ("count", "group", *ABSENCE, "count_over_time", "time", "pi")
# The result of these is not 0 when none of what they take is, and all have one sign.
KEEP_SIGN = (
    *("sum", "min", "max", "avg", "quantile", "topk", "bottomk", "sqrt", "exp", "label_replace"),
    *("sum_over_time", "min_over_time", "max_over_time", "avg_over_time", "last_over_time"),
)


def divisions(tree: Node) -> Iterator[promql_parser.BinaryExpr]:
    """Yield every division and remainder."""
    for node in binaries(tree):
        if str(node.op) in DIVISIONS:
            yield node


def unguarded(tree: Node, known: Known) -> Iterator[str]:
    """Yield one message a division by what can be 0, with a way to guard it."""
    for node in divisions(tree):
        if not guarded(node.rhs, known):
            by = short(bare(node.rhs))
            yield f"divides by {by}, which can be 0: keep what is `> 0`, or use clamp_min"


def guarded(node: Node, known: Known, seen: frozenset[str] = frozenset()) -> bool:
    """Say whether a divisor is never 0; an absent one divides nothing."""
    node = bare(node)
    value = number(node)
    if value is not None:
        return value != 0
    if isinstance(node, promql_parser.UnaryExpr):
        return guarded(node.expr, known, seen)
    if isinstance(node, promql_parser.BinaryExpr):
        return _operation(node, known, seen)
    if isinstance(node, promql_parser.MatrixSelector):
        node = node.vector_selector
    if isinstance(node, promql_parser.VectorSelector):
        return _recorded(node.name or "", known, seen)
    return _function(node, known, seen)


def _operation(node: promql_parser.BinaryExpr, known: Known, seen: frozenset[str]) -> bool:
    op = str(node.op)
    if filters(node):
        return _excludes_zero(node) or guarded(node.lhs, known, seen)
    if op == "and":
        return guarded(node.lhs, known, seen) or _same_guarded(node.lhs, node.rhs)
    if op == "unless":
        return guarded(node.lhs, known, seen)
    both = guarded(node.lhs, known, seen) and guarded(node.rhs, known, seen)
    return op in ("or", "*", "/") and both


def _excludes_zero(node: promql_parser.BinaryExpr) -> bool:
    """Say whether a comparison with a number drops 0."""
    op, limit = str(node.op), number(node.rhs)
    if limit is None:
        op, limit = MIRRORED[op], number(node.lhs)
    if limit is None:
        return False
    passes = {
        ">": limit < 0,
        "<": limit > 0,
        ">=": limit <= 0,
        "<=": limit >= 0,
        "==": limit == 0,
        "!=": limit != 0,
    }
    return not passes[op]


def _same_guarded(node: Node, guard: Node) -> bool:
    guard = bare(guard)
    compared = isinstance(guard, promql_parser.BinaryExpr) and filters(guard)
    return compared and str(bare(guard.lhs)) == str(bare(node)) and _excludes_zero(guard)


def _recorded(name: str, known: Known, seen: frozenset[str]) -> bool:
    """Say whether every rule that records a series records no 0."""
    rules = [] if name in seen else known.recorded.get(name, [])
    return bool(rules) and all(guarded(tree, known, seen | {name}) for _, tree in rules)


def _function(node: Node, known: Known, seen: frozenset[str]) -> bool:
    name = called(node)
    if name in NEVER_ZERO:
        return True
    if isinstance(node, promql_parser.AggregateExpr | promql_parser.SubqueryExpr):
        return (not name or name in KEEP_SIGN) and guarded(node.expr, known, seen)
    limits = [number(arg) for arg in node.args[1:]]
    if name in ("clamp_min", "clamp") and limits[0] is not None and limits[0] > 0:
        return True
    if name in ("clamp_max", "clamp") and limits[-1] is not None and limits[-1] < 0:
        return True
    if name in KEEP_SIGN or name in ("vector", "scalar", "abs"):
        return guarded(node.args[0], known, seen)
    return False
