"""promql/labels: matchers name only labels and values that their series can have."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import promql_parser

from alerts.checks.tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.checks.known import Known
    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem

ID = "promql/labels"
# An alternation of plain values can be compared with the closed set one by one.
ALTERNATIVES = re.compile(r"[\w /{}.:-]*(\|[\w /{}.:-]*)*")
MOST_VALUES = 8


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a matcher that can match nothing, or excludes what never is."""
    for rule, tree in loaded.parsed:
        found = {
            message
            for place in selectors(tree)
            for message in wrong_matchers(place.node, loaded.known)
        }
        for message in sorted(found):
            yield rule.problem(ID, message)


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
