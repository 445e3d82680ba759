"""runbooks/queries: every promql block names series, labels and values that exist."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

import promql_parser

from alerts.reading.problem import Problem
from alerts.reading.runbook_files import readable
from slo.promql_tree import bare, places, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.known import Known
    from alerts.reading.loaded import Loaded
    from alerts.reading.shapes import Shape
    from slo.promql_tree import Node

ID = "runbooks/queries"
# Grafana's; the `$` that ends a regular expression is no variable.
VARIABLE = re.compile(r"\$\{?\w")
# They have no value of now.
RANGES = (promql_parser.MatrixSelector, promql_parser.SubqueryExpr)
# A regular expression that is a list of words: each of them must be a value.
WORDS = re.compile(r"[\w./{}-]+(\|[\w./{}-]+)*")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a promql block that Prometheus refuses or that can never have a value."""
    for page in readable(loaded.root):
        for fence in page.fences:
            if fence.language == "promql":
                for message in wrong_in(fence.text, loaded.known):
                    yield Problem(ID, page.at(fence.line), message)


def wrong_in(expression: str, known: Known) -> Iterator[str]:
    """Yield what is wrong with one expression."""
    if VARIABLE.search(expression):
        yield "has a variable of Grafana: give the value"
        return
    try:
        tree = promql_parser.parse(expression)
    except ValueError as error:
        yield f"no PromQL: {' '.join(str(error).split())}"
        return
    if isinstance(bare(tree), RANGES):
        yield "is a range: aggregate it to one value a series"
    for place in selectors(tree):
        yield from _selector(place.node, known)
    yield from _groups(tree, known)


def _selector(node: promql_parser.VectorSelector, known: Known) -> Iterator[str]:
    labels = known.labels(node.name or "")
    if labels is None:
        yield f"nothing shows or records {node.name}"
        return
    for matcher in node.matchers.matchers:
        if matcher.name not in labels:
            yield f"{node.name} has no label {matcher.name}, only {', '.join(sorted(labels))}"
            continue
        values = labels[matcher.name]
        if values is None:
            continue
        for wrong in _unfit(matcher, values):
            near = get_close_matches(wrong, sorted(values), n=3, cutoff=0)
            yield f"{node.name} has no {matcher.name} {wrong!r}, only {', '.join(near)} …"


def _unfit(matcher: promql_parser.Matcher, values: frozenset[str]) -> Iterator[str]:
    """Yield the parts of a matcher that fit no value; an empty one asks for series without it."""
    equal = matcher.op in (promql_parser.MatchOp.Equal, promql_parser.MatchOp.NotEqual)
    if equal or WORDS.fullmatch(matcher.value):
        parts = [matcher.value] if equal else matcher.value.split("|")
        yield from (part for part in parts if part and part not in values)
    elif not any(re.fullmatch(matcher.value, value) for value in values):
        yield matcher.value


def _groups(tree: Node, known: Known) -> Iterator[str]:
    for place in places(tree):
        node = place.node
        if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
            inner: Shape | None = known.shapes.of(node.expr)
            for label in node.modifier.labels:
                if inner is not None and label not in inner:
                    yield f"{node.op} groups by {label}, which is not there"
