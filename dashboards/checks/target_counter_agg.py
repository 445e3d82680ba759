"""dashboards/target-counter-agg-rule: counters are shown as rates or increases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from app.telemetry.model import Kind
from slo.promql_tree import called, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.known import Known
    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded
    from slo.promql_tree import Place

ID = "dashboards/target-counter-agg-rule"
GROWTH = ("rate", "irate", "increase")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a counter whose own value is drawn: it says how old a process is."""
    known = loaded.rules.known
    for panel in loaded.panels:
        for target, tree in panel.prometheus():
            bare = {
                str(place.node.name)
                for place in selectors(tree)
                if _counts(place, known) and not _grows(place)
            }
            for name in sorted(bare):
                yield target.problem(ID, f"{name} is a counter: take its rate() or increase()")


def _counts(place: Place, known: Known) -> bool:
    name = place.node.name or ""
    return known.kind(name) is Kind.COUNTER or name.endswith("_total")


def _grows(place: Place) -> bool:
    *_, function, window = (None, None, *place.above)
    ranged = isinstance(window, promql_parser.MatrixSelector)
    return ranged and called(function) in GROWTH
