"""How many samples a rule takes before anything is said: ten beyond what it looks for."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from loadtests.rules.limits import Absolute, Allowance, Budget, Relative
from loadtests.rules.measures import Errors, OfSlo, Quantile, Under, Worse
from loadtests.rules.units import Quantity
from slo.statistics.intervals import BEYOND, minimum_samples

if TYPE_CHECKING:
    from fractions import Fraction

    from loadtests.rules.limits import Limit
    from loadtests.rules.measures import Measure
    from loadtests.rules.model import Rule

Part = Quantity | Allowance


def parts(limit: Limit) -> tuple[Part, Part | None] | None:
    """Return what fails and what warns; None for a promise, which is a count."""
    return (limit.fail, limit.warn) if isinstance(limit, Absolute | Budget | Relative) else None


def minimum(rule: Rule, part: Part) -> int | None:
    """Return the samples that one part of a rule's limit takes; None where none are counted.

    A quantile takes 10 / (1 - share). A share takes so many events that the bad ones which a limit
    allows, or the change of a share that a baseline forgives, are ten. A rate and a query of
    somebody's own are no shares of samples.
    """
    match rule.measure:
        case Quantile(share=share):
            return minimum_samples(float(share))
        case Under() | Errors() | OfSlo():
            return ceil(BEYOND / _bad(rule.measure, rule.limit, part))
    return None


def _bad(measure: Measure, limit: Limit, part: Part) -> Fraction:
    if isinstance(part, Allowance):
        return part.floor.value
    if isinstance(limit, Budget) and isinstance(measure, OfSlo):
        return part.value * measure.slo.budget
    return part.value if measure.worse is Worse.HIGHER else 1 - part.value
