"""Names in an expression that nothing has: series, labels, and values of labels."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser

from slo.promql_tree import called, places, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.reading.known import Known
    from slo.promql_tree import Node

# An alternation of plain values can be compared with the closed set one by one.
ALTERNATIVES = re.compile(r"[\w /{}.:-]*(\|[\w /{}.:-]*)*")
MOST_VALUES = 8


def unknown(name: str, known: Known) -> str:
    """Say what is wrong with the name of a series; empty when somebody shows it."""
    if not name:
        return "a selector without a name: say which series is meant"
    if name in known:
        return ""
    return f"no metric of the catalogue, no exporter and no rule is called {name}"


def wrong_matchers(selector: promql_parser.VectorSelector, known: Known) -> Iterator[str]:
    """Yield one message a matcher whose label or value the series never has."""
    labels = known.labels(selector.name or "")
    if labels is None:
        return
    for matcher in selector.matchers.matchers:
        if matcher.name not in labels:
            listed = ", ".join(labels) or "none at all"
            yield f"{selector.name} has no label {matcher.name}: {listed}"
            continue
        values = labels[matcher.name]
        for value in _named(matcher) if values is not None else ():
            if value not in (values or ()):
                yield (
                    f"{selector.name}: {matcher.name} is never {value!r}: {_listed(values or ())}"
                )


def _named(matcher: promql_parser.Matcher) -> list[str]:
    if matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual):
        # `label=""` and `label!=""` ask whether it is there.
        return [matcher.value] if matcher.value else []
    if ALTERNATIVES.fullmatch(matcher.value):
        return [value for value in matcher.value.split("|") if value]
    return []


def _listed(values: Iterable[str]) -> str:
    ordered = sorted(map(repr, values))
    rest = len(ordered) - MOST_VALUES
    shown = ", ".join(ordered[:MOST_VALUES])
    return f"{shown} and {rest} more" if rest > 0 else shown


def lost_labels(tree: Node, known: Known) -> Iterator[str]:
    """Yield one message a label by which is grouped, and which nothing inside has."""
    by = promql_parser.AggModifierType.By
    for place in places(tree):
        node = place.node
        if not isinstance(node, promql_parser.AggregateExpr) or node.modifier is None:
            continue
        inner = known.shapes.of(node.expr)
        if inner is None or node.modifier.type != by:
            continue
        for label in node.modifier.labels:
            if label not in inner:
                yield f"{called(node)} by ({label}): {short(node.expr)} has no such label"
