"""How many samples Prometheus reads for an expression, by arithmetic."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import promql_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from alerts.model import RuleGroup

    # How many series a selector has, and how far apart their samples are.
    Known = Callable[[promql_parser.VectorSelector], tuple[int, timedelta]]

DAY = timedelta(days=1)
CHILDREN = ("expr", "lhs", "rhs", "param")


def samples(expression: Any, known: Known) -> float:
    """Add up the samples of all selectors of a parsed expression for one evaluation."""
    if isinstance(expression, promql_parser.VectorSelector):
        return known(expression)[0]
    if isinstance(expression, promql_parser.MatrixSelector):
        series, apart = known(expression.vector_selector)
        return series * (expression.range / apart)
    children = [getattr(expression, name, None) for name in CHILDREN]
    children += list(getattr(expression, "args", None) or [])
    inner = sum(samples(child, known) for child in children if child is not None)
    if isinstance(expression, promql_parser.SubqueryExpr):
        assert expression.range is not None
        assert expression.step is not None
        return inner * (expression.range / expression.step)
    return inner


def samples_a_day(groups: Iterable[RuleGroup], known: Known) -> float:
    """Add up the samples that all rules of some groups read in a day."""
    return sum(
        samples(promql_parser.parse(rule.expr), known) * (DAY / group.interval)
        for group in groups
        for rule in group.rules
    )
