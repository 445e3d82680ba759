"""alerts/template: templates name only labels that the alert has, and format its value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.known import names
from alerts.reading.queries import code, queries
from alerts.reading.unknown import unknown, wrong_matchers
from slo.promql_tree import called, places, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded, WrittenRule
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "alerts/template"
LABEL = re.compile(r"(?:\$labels|\.Labels)\.([A-Za-z_]\w*)")
VALUE = re.compile(r"\$value|\.Value\b")
# Their results have more digits than anybody reads.
LONG_NUMBERS = ("rate", "irate", "deriv", "avg", "histogram_quantile")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a template that shows nothing, or makes a new alert at every evaluation."""
    for rule, tree in loaded.parsed:
        if rule.alert:
            found = [*_braces(rule), *_labels(rule, tree, loaded), *_values(rule, tree, loaded)]
            for message in sorted({*found, *_queries(rule, loaded)}):
                yield rule.problem(ID, message)


def _braces(rule: WrittenRule) -> Iterator[str]:
    for name, text in (*rule.labels.items(), *rule.annotations.items()):
        if text.count("{{") != text.count("}}"):
            yield f"{name} has braces that are not closed, or not opened"


def _labels(rule: WrittenRule, tree: Node, loaded: Loaded) -> Iterator[str]:
    shape = loaded.known.shapes.of(tree)
    if shape is None:
        return
    for name, text in (*rule.labels.items(), *rule.annotations.items()):
        for action in code(text):
            for label in LABEL.findall(action):
                if label not in shape:
                    listed = ", ".join(sorted(shape)) or "none"
                    yield f"{name} shows $labels.{label}, and the result has: {listed}"


def _values(rule: WrittenRule, tree: Node, loaded: Loaded) -> Iterator[str]:
    for name, text in rule.labels.items():
        if any(VALUE.search(action) or "query" in action for action in code(text)):
            yield f"the label {name} has the value in it: each value is another alert"
    long = {called(p.node) for one in loaded.known.below(tree, set()) for p in places(one)}
    if long.isdisjoint(LONG_NUMBERS):
        return
    for name, text in rule.annotations.items():
        if any(VALUE.fullmatch(action) for action in code(text)):
            yield f"{name} shows $value with all its digits: use humanize or printf"


def _queries(rule: WrittenRule, loaded: Loaded) -> Iterator[str]:
    for query in queries(rule):
        if query.tree is None:
            yield f"a query of its template is no PromQL: {query.error}"
            continue
        for name in names(query.tree):
            if message := unknown(name, loaded.known):
                yield message
        for place in selectors(query.tree):
            yield from wrong_matchers(place.node, loaded.known)
