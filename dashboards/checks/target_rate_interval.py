"""dashboards/target-rate-interval-rule: rates are taken over the window that fits the panel."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser

from dashboards.checks.variables import expand
from slo.promql_tree import bare, called, parse, places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded, Target

ID = "dashboards/target-rate-interval-rule"
RATES = ("rate", "irate")
WINDOW = re.compile(r"\$__rate_interval\b|\$\{__rate_interval\}")
# Nobody writes a window of this length.
MARK = timedelta(seconds=1_127_796)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a rate over a fixed window: too short far out, too long close up."""
    for panel in loaded.panels:
        for target, _ in panel.prometheus():
            for window in sorted(_fixed(target)):
                yield target.problem(ID, f"{window}: take the rate over $__rate_interval")


def _fixed(target: Target) -> set[str]:
    variables = [each for _, each in target.panel.board.variables]
    marked = WINDOW.sub(f"{MARK // timedelta(seconds=1)}s", target.expr)
    calls = [
        bare(place.node.args[0])
        for place in places(parse(expand(marked, variables)))
        if called(place.node) in RATES
    ]
    return {
        short(arg)
        for arg in calls
        if isinstance(arg, promql_parser.MatrixSelector) and arg.range != MARK
    }
