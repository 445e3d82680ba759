"""promql/rate: rates are of counters, over windows with enough scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import promql_parser

from app.telemetry.model import Kind
from slo.promql import duration
from slo.promql_tree import bare, called, places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/rate"
# Four scrapes leave two when one is lost, as Grafana's $__rate_interval has it; below two, nothing.
OF_COUNTERS = {"rate": 4, "increase": 4, "irate": 2, "resets": 2}
OF_GAUGES = ("delta", "idelta", "deriv", "predict_linear", "holt_winters")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a rate of what is no counter, or over too short a window."""
    for rule, tree in loaded.parsed:
        found = {
            message
            for place in places(tree)
            if isinstance(place.node, promql_parser.Call)
            for message in wrong_rate(place.node, loaded)
        }
        for message in sorted(found):
            yield rule.problem(ID, message)


def wrong_rate(node: promql_parser.Call, loaded: Loaded) -> Iterator[str]:
    """Yield what is wrong with one call."""
    name = called(node)
    if name not in (*OF_COUNTERS, *OF_GAUGES, "changes"):
        return
    arg = bare(node.args[0])
    if isinstance(arg, promql_parser.SubqueryExpr):
        if name in OF_COUNTERS:
            yield f"{name}() of a subquery misses resets of counters: take the {name}() inside"
        return
    yield from _wrong_type(name, arg.vector_selector.name, loaded)
    step = loaded.step(arg.vector_selector.name or "") or loaded.scrape_interval
    fewest = OF_COUNTERS.get(name, 2) * step
    if arg.range < fewest:
        yield f"{short(arg)} is too short a window: {duration(fewest)} at least hold enough scrapes"


def _wrong_type(name: str, series: str | None, loaded: Loaded) -> Iterator[str]:
    if not series or series not in loaded.known:
        return
    kind = loaded.known.kind(series)
    if name in OF_GAUGES:
        if kind is Kind.COUNTER:
            yield f"{name}() of {series}, which is a counter: use rate() or increase()"
    elif name not in OF_COUNTERS:
        return
    elif kind is None:
        yield f"{name}() of {series}, which is recorded: a sum hides resets, record its {name}()"
    elif kind is not Kind.COUNTER:
        yield f"{name}() of {series}, which is a {kind}: use delta() or deriv()"
