"""Which selectors of a board's queries take the reader's choice of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from dashboards.checks.exempt import needs_no_matcher
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded


def unmatched(loaded: Loaded, check: str, label: str) -> Iterator[Problem]:
    """Yield one problem a series of a query that is not selected by `label=~"$label"`."""
    for panel in loaded.panels:
        for target, tree in panel.prometheus():
            nodes = [place.node for place in selectors(tree)]
            found = {
                node.name or str(node)
                for node in nodes
                if not _chosen(node, label) and not needs_no_matcher(node, label, loaded.rules)
            }
            for name in sorted(found):
                yield target.problem(check, f'{name}: select it by {label}=~"${label}"')


def _chosen(node: promql_parser.VectorSelector, label: str) -> bool:
    choices = (f"${label}", f"${{{label}}}", f"${{{label}:regex}}")
    return any(
        matcher.name == label
        and matcher.op == promql_parser.MatchOp.Re
        and matcher.value in choices
        for matcher in node.matchers.matchers
    )
