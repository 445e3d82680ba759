"""How numbers and limits are written in rulings."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from loadtests.rules.limits import Absolute, Budget, Relative
from loadtests.rules.measures import OfSlo, Worse
from loadtests.rules.units import Quantity, Unit
from slo.report import percent

if TYPE_CHECKING:
    from loadtests.rules.limits import Allowance
    from loadtests.rules.measures import Measure
    from loadtests.rules.model import Rule

MILLISECONDS, PERCENT = 1000, 100


def written(value: float, unit: Unit) -> str:
    """Write a number with six digits and its unit, like `149.87 ms`."""
    if not isfinite(value):
        return "infinity" if value > 0 else "-infinity"
    match unit:
        case Unit.COUNT:
            return f"{value:.6g}"
        case Unit.RATIO:
            return f"{value * PERCENT:.6g} %"
        case Unit.SECONDS if abs(value) < 1:
            return f"{value * MILLISECONDS:.6g} ms"
    return f"{value:.6g} {unit.value}"


def side(measure: Measure) -> str:
    """Say on which side of a limit it is good."""
    return "at most" if measure.worse is Worse.HIGHER else "at least"


def limit_phrases(rule: Rule) -> tuple[str, str]:
    """Return what fails and what warns, like `at most 150 ms`; empty where nothing warns."""
    match rule.limit:
        case Absolute(fail, warn):
            at = side(rule.measure)
            return f"{at} {fail}", f"{at} {warn}" if warn else ""
        case Budget(fail, warn):
            return _spent(fail), _spent(warn) if warn else ""
        case Relative(allowed, noticed):
            worse = rule.measure.worse
            return _allowed(allowed, worse), _allowed(noticed, worse) if noticed else ""
        case _:
            slo = rule.measure.slo if isinstance(rule.measure, OfSlo) else None
            return f"at least {percent(slo.objective)}" if slo else "", ""


def _spent(share: Quantity) -> str:
    return f"at most {share} of the error budget"


def _allowed(given: Allowance, worse: Worse) -> str:
    way = "above" if worse is Worse.HIGHER else "below"
    tolerance = Quantity(given.tolerance, Unit.RATIO)
    return f"not both {tolerance} and {given.floor} {way} the baseline"
