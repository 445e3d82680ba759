"""PromQL of rules: is it about what was judged, of series that exist, and exactly one number.

A query must not turn missing data into a number: `or vector(0)` and absent() are refused.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser

from app.telemetry.catalog import METRICS, TARGET_LABELS
from app.telemetry.model import edge_label
from slo.promql import PLACEHOLDER, duration
from slo.promql_tree import (
    ABSENCE,
    COMPARISONS,
    bare,
    binaries,
    called,
    children,
    is_scalar,
    places,
    selectors,
    short,
)
from slo.specs.locate import meant, shown
from slo.specs.queries import QueryError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.promql_tree import Node

WINDOW = "[{{.window}}]"
# No range is written like this, so one that is it was the placeholder.
MARK = timedelta(seconds=86_413)
# Prometheus adds it to every target.
UP = "up"
SEVERAL = ("topk", "bottomk", "limitk", "limit_ratio", "count_values")
EQUAL = (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual)


def problems(query: str) -> tuple[str, ...]:
    """Say what is wrong with a query, a sentence each; nothing when it is fine."""
    try:
        parse(query)
    except QueryError as error:
        return (str(error),)
    tree = promql_parser.parse(PLACEHOLDER.sub(duration(MARK), query))
    found = (*_windows(tree), *_unknown(tree), *_made_up(tree))
    if not found and not one_number(tree):
        found = (f"{short(tree)} may give several series; put sum() around it",)
    return tuple(dict.fromkeys(found))


def one_number(node: Node) -> bool:
    """Tell whether an expression gives one series without labels, or a number."""
    node = bare(node)
    if is_scalar(node):
        return True
    if isinstance(node, promql_parser.AggregateExpr):
        return called(node) not in SEVERAL and not _kept(node)
    if not isinstance(node, promql_parser.Call):
        parts = children(node)
        return bool(parts) and all(map(one_number, parts))
    return _call(node)


def _call(node: promql_parser.Call) -> bool:
    vectors = [bare(arg) for arg in node.args if not _plain(arg)]
    if called(node) == "histogram_quantile" and vectors:
        inner = vectors[0]
        return isinstance(inner, promql_parser.AggregateExpr) and _kept(inner) == ("le",)
    return called(node) not in ("label_replace", "label_join") and all(map(one_number, vectors))


def _plain(node: Node) -> bool:
    return is_scalar(node) or isinstance(bare(node), promql_parser.StringLiteral)


def _kept(node: promql_parser.AggregateExpr) -> tuple[str, ...]:
    """Return the labels that an aggregation leaves; `without` was refused before."""
    if node.modifier is None:
        return ()
    if node.modifier.type != promql_parser.AggModifierType.By:
        return ("without",)
    return tuple(node.modifier.labels)


def _windows(tree: Node) -> Iterator[str]:
    """Refuse what looks at another time than the one that is judged."""
    for place in places(tree):
        node = place.node
        if isinstance(node, promql_parser.SubqueryExpr):
            yield f"a subquery looks at moments of its own; a range of {WINDOW}"
        elif isinstance(node, promql_parser.MatrixSelector) and node.range != MARK:
            yield f"the range [{duration(node.range)}] is not what was judged; give {WINDOW}"
        if isinstance(node, promql_parser.VectorSelector) and (node.offset or node.at):
            yield f"{node.name} is read at another time; leave offset and @ out"


def _made_up(tree: Node) -> Iterator[str]:
    """Refuse what gives a number without data, or none with data."""
    for place in places(tree):
        if (name := called(place.node)) in (*ABSENCE, "vector"):
            yield f"{name}() gives a number where there is no data; leave it out"
    for node in binaries(tree):
        if str(node.op) in COMPARISONS:
            # Without bool it drops the number, and with it NaN becomes a fine 0.
            yield f"{short(node)} compares, and hides what was measured; give it as a limit"
        elif str(node.op) in ("or", "and", "unless"):
            yield f"{node.op} may hide that there is no data; leave it out"


def _unknown(tree: Node) -> Iterator[str]:
    """Name series, labels and values that the service never shows."""
    known = _known()
    for place in selectors(tree):
        node = place.node
        name = node.name or ""
        if name not in known:
            yield f"there is no series {shown(name)}; {meant(name, sorted(known))}"
            continue
        labels = known[name]
        for matcher in node.matchers.matchers:
            if matcher.name not in labels:
                yield f"{name} has no label {matcher.name}; {meant(matcher.name, tuple(labels))}"
            elif _never(matcher, labels[matcher.name]):
                told = f"{name}: {matcher.name} is never {shown(matcher.value)}"
                yield f"{told}; {meant(matcher.value, labels[matcher.name])}"
    yield from _unknown_groups(tree, known)


def _never(matcher: promql_parser.Matcher, closed: tuple[str, ...]) -> bool:
    """Tell whether none of the values that a label can have is like that of a matcher."""
    if not closed or matcher.op in EQUAL:
        return bool(closed) and matcher.value not in closed
    try:
        return not any(re.fullmatch(matcher.value, value) for value in closed)
    except re.error:
        # Prometheus' expressions are not Python's; what it cannot read it refuses by itself.
        return False


def _unknown_groups(tree: Node, known: dict[str, dict[str, tuple[str, ...]]]) -> Iterator[str]:
    for place in places(tree):
        if not isinstance(place.node, promql_parser.AggregateExpr):
            continue
        below = [known.get(inner.node.name or "") for inner in selectors(place.node)]
        options = {label: None for labels in below for label in labels or ()}
        for label in _kept(place.node) if None not in below else ():
            if label not in options:
                yield f"{short(place.node)} has no label {label}; {meant(label, tuple(options))}"


def _known() -> dict[str, dict[str, tuple[str, ...]]]:
    """Map each series to its labels, and those to the values that they can have, if closed."""
    target = dict.fromkeys(TARGET_LABELS, ())
    known: dict[str, dict[str, tuple[str, ...]]] = {UP: {**target}}
    for metric in METRICS:
        closed = {label.name: label.values for label in metric.labels}
        closed["le"] = (*map(edge_label, metric.buckets), "+Inf")
        for name, labels in metric.series.items():
            known[name] = {**{label: closed[label] for label in labels}, **target}
    return known
