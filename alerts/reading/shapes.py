"""Which labels the result of an expression can have, and which values.

Prometheus' own rules: documentation, "Operators" (vector matching) and "Functions".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import ABSENCE, SET_OPERATORS, bare, called, is_scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from slo.promql_tree import Node

# The values that a label can have; None when they are no closed set. "" means that it may lack.
Values = frozenset[str] | None
Shape = dict[str, Values]
SCALARS = ("vector", "time", "scalar", "pi")
KEEPING_ALL = ("topk", "bottomk", "limitk", "limit_ratio")


def matching(values: Values, matcher: promql_parser.Matcher) -> Values:
    """Return the values that pass a matcher."""
    equal = matcher.op == promql_parser.MatchOp.Equal
    if values is None:
        return frozenset({matcher.value}) if equal and matcher.value else None
    return frozenset(value for value in values if _passes(value, matcher))


def _passes(value: str, matcher: promql_parser.Matcher) -> bool:
    if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        same = value == matcher.value
    else:
        same = re.fullmatch(matcher.value, value) is not None
    return same == (matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re))


class Shapes:
    """Infers shapes; `labels` gives those of a series by its name, None when it is unknown."""

    def __init__(self, labels: Callable[[str], Mapping[str, Values] | None]) -> None:
        """Take what says the labels of a series."""
        self._labels = labels

    def of(self, node: Node) -> Shape | None:
        """Return the shape of an expression; None when a series in it is unknown."""
        node = bare(node)
        if is_scalar(node):
            return {}
        if isinstance(node, promql_parser.MatrixSelector):
            node = node.vector_selector
        if isinstance(node, promql_parser.VectorSelector):
            return self._selector(node)
        for kind, shape_of in (
            (promql_parser.AggregateExpr, self._aggregate),
            (promql_parser.BinaryExpr, self._binary),
            (promql_parser.Call, self._call),
        ):
            if isinstance(node, kind):
                return shape_of(node)
        return self.of(node.expr)

    def _selector(self, node: promql_parser.VectorSelector) -> Shape | None:
        known = self._labels(node.name or "")
        if known is None:
            return None
        shape = dict(known)
        for matcher in node.matchers.matchers:
            if matcher.name in shape:
                shape[matcher.name] = matching(shape[matcher.name], matcher)
        # `label=""` asks for series without it.
        return {name: values for name, values in shape.items() if values != frozenset({""})}

    def _aggregate(self, node: Node) -> Shape | None:
        inner = self.of(node.expr)
        name = called(node)
        if inner is None or name in KEEPING_ALL:
            return inner
        added: Shape = {node.param.val: None} if name == "count_values" else {}
        if node.modifier is None:
            return added
        listed = set(node.modifier.labels)
        keep = node.modifier.type == promql_parser.AggModifierType.By
        return {k: v for k, v in inner.items() if (k in listed) == keep} | added

    def _call(self, node: Node) -> Shape | None:
        name = called(node)
        if name in SCALARS:
            return {}
        if name in ABSENCE:
            return _absence(bare(node.args[0]))
        vectors = [arg for arg in node.args if not _plain(arg)]
        inner = self.of(vectors[0]) if vectors else {}
        if inner is None:
            return None
        if name in ("label_replace", "label_join"):
            return inner | {bare(node.args[1]).val: None}
        if name == "histogram_quantile":
            return {k: v for k, v in inner.items() if k != "le"}
        return inner

    def _binary(self, node: Node) -> Shape | None:
        left, right = self.of(node.lhs), self.of(node.rhs)
        if left is None or right is None:
            return None
        if is_scalar(node.lhs):
            return right
        if is_scalar(node.rhs):
            return left
        if str(node.op) in SET_OPERATORS:
            return union(left, right) if str(node.op) == "or" else left
        return _joined(node.modifier, left, right)


def _plain(node: Node) -> bool:
    return is_scalar(node) or isinstance(bare(node), promql_parser.StringLiteral)


def _absence(node: Node) -> Shape:
    """Return the labels that `absent` makes up: those of its equality matchers."""
    if isinstance(node, promql_parser.MatrixSelector):
        node = node.vector_selector
    if not isinstance(node, promql_parser.VectorSelector):
        return {}
    equal = promql_parser.MatchOp.Equal
    found = [m for m in node.matchers.matchers if m.op == equal and m.name != "__name__"]
    return {matcher.name: frozenset({matcher.value}) for matcher in found}


def _joined(modifier: promql_parser.BinModifier | None, left: Shape, right: Shape) -> Shape:
    one_to_one = promql_parser.VectorMatchCardinality.OneToOne
    if modifier is None or modifier.card == one_to_one:
        shared = matched_labels(modifier, left, right)
        return {k: _both(left[k], right[k]) for k in shared if k in left and k in right}
    many, one = left, right
    if modifier.card == promql_parser.VectorMatchCardinality.OneToMany:
        many, one = right, left
    return many | {name: one.get(name) for name in modifier.group_labels or ()}


def matched_labels(
    modifier: promql_parser.BinModifier | None, left: Iterable[str], right: Iterable[str]
) -> set[str]:
    """Return the labels by which two sides are matched."""
    every = {*left, *right}
    if modifier is None or modifier.matching is None:
        return every
    listed = set(modifier.matching.labels)
    if modifier.matching.type == promql_parser.LabelModifierType.Include:
        return listed
    return every - listed


def _both(left: Values, right: Values) -> Values:
    if left is None or right is None:
        return right if left is None else left
    return left & right


def union(left: Shape, right: Shape) -> Shape:
    """Return what either of two results can have; a label that one lacks may lack."""
    found: Shape = {}
    for name in {**left, **right}:
        a, b = (side.get(name, frozenset({""})) for side in (left, right))
        found[name] = None if a is None or b is None else a | b
    return found
