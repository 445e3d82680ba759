"""dashboards/series: boards name only series, labels and values that something shows or records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.reading.unknown import lost_labels, unknown, wrong_matchers
from dashboards.checks.loaded import inside, items
from dashboards.checks.variable_queries import asked
from dashboards.checks.variables import expand
from slo.promql_tree import parse, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.known import Known
    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Board, Loaded, Panel
    from slo.promql_tree import Node

ID = "dashboards/series"
PLACEHOLDER = re.compile(r"\{\{\s*(\w+)\s*\}\}")
# Where an annotation writes labels of what its query finds.
TEXTS = ("titleFormat", "textFormat")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name in a query, or in the words for its answer, that nothing has."""
    known = loaded.rules.known
    for board in loaded.boards:
        yield from _variables(board, known)
        yield from _annotations(board, known)
        for panel in board.panels:
            yield from _targets(panel, known)


def _targets(panel: Panel, known: Known) -> Iterator[Problem]:
    for target, tree in panel.prometheus():
        legend = str(target.document.get("legendFormat") or "")
        for message in sorted({*_unknown(tree, known), *_unfilled(legend, tree, known)}):
            yield target.problem(ID, message)


def _variables(board: Board, known: Known) -> Iterator[Problem]:
    for at, variable in board.variables_of("query"):
        try:
            tree, label = asked(board, variable)
        except (LookupError, ValueError):
            continue  # another rule reports it
        if tree is None:
            continue
        shape = known.shapes.of(tree)
        found = set(_unknown(tree, known))
        if label and shape is not None and label not in shape:
            found.add(f"lists {label}, which its series have not: {', '.join(shape)}")
        for message in sorted(found):
            yield board.problem(ID, f"variable {variable.get('name')!r}: {message}", at)


def _annotations(board: Board, known: Known) -> Iterator[Problem]:
    for at, annotation in items(inside(board.document, "annotations"), "$.annotations", "list"):
        expr = str(inside(annotation, "target").get("expr") or "")
        if not expr:
            continue
        try:
            tree = parse(expand(expr, [each for _, each in board.variables]))
        except (LookupError, ValueError) as error:
            yield board.problem(ID, f"{annotation.get('name')}: {error}", at)
            continue
        texts = " ".join(str(annotation.get(key, "")) for key in TEXTS)
        for message in sorted({*_unknown(tree, known), *_unfilled(texts, tree, known)}):
            yield board.problem(ID, f"{annotation.get('name')}: {message}", at)


def _unknown(tree: Node, known: Known) -> Iterator[str]:
    yield from lost_labels(tree, known)
    for place in selectors(tree):
        if message := unknown(place.node.name or "", known):
            yield message
        else:
            yield from wrong_matchers(place.node, known)


def _unfilled(text: str, tree: Node, known: Known) -> Iterator[str]:
    """Yield one message a placeholder for a label that the answer never has."""
    shape = known.shapes.of(tree)
    for label in PLACEHOLDER.findall(text) if shape is not None else ():
        if label not in (shape or {}):
            listed = ", ".join(shape or {}) or "none at all"
            yield f"{{{{{label}}}}} stays empty, the answer has these labels: {listed}"
