"""Evidence against a baseline: worse only by more than a share of it and by more than a floor."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from loadtests.judging.words import written
from loadtests.rules.measures import Worse
from loadtests.rules.units import Unit
from slo.statistics.intervals import Finding, Interval, find

if TYPE_CHECKING:
    from loadtests.judging.evidence import Evidence
    from loadtests.judging.model import BaselineValue
    from loadtests.rules.limits import Allowance
    from loadtests.rules.measures import Measure

MEANING = {
    Finding.PASSES: "surely within the tolerance or the floor",
    Finding.FAILS: "surely past both the tolerance and the floor",
    Finding.UNDECIDED: "too wide an interval to tell",
}


def compared(
    evidence: Evidence, base: BaselineValue, allowance: Allowance, measure: Measure
) -> tuple[Finding, str]:
    """Say whether evidence is surely worse than a baseline by more than an allowance, and why.

    It fails when both the tolerance and the floor are surely passed, and passes when it is surely
    within one of them. Both intervals are as wide as the intervals of the two values allow, so they
    hold the truth more often than either of them.
    """
    growth, difference = change(evidence.bounds, base)
    tolerance, floor = float(allowance.tolerance), float(allowance.floor.value)
    if measure.worse is Worse.LOWER:
        growth, difference = _mirrored(growth), _mirrored(difference)
    finding = _both(find(growth, tolerance), find(difference, floor))
    return finding, _why(finding, growth, difference, measure)


def change(now: tuple[float, float], base: BaselineValue) -> tuple[Interval, Interval]:
    """Return by which share of the baseline a value has grown, and by how much in its unit."""
    low, high = now
    share = Interval(None, _by(low, base.high, 0.0) - 1, _by(high, base.low, inf) - 1, 1)
    return share, Interval(None, low - base.high, high - base.low, 1)


def _by(number: float, base: float, unknown: float) -> float:
    """Divide; nothing by nothing may be any share, and bounds nothing."""
    if base:
        return number / base
    return inf if number > 0 else unknown


def _mirrored(found: Interval) -> Interval:
    return Interval(None, -found.high, -found.low, found.samples)


def _both(tolerance: Finding, floor: Finding) -> Finding:
    if Finding.PASSES in (tolerance, floor):
        return Finding.PASSES
    return Finding.FAILS if tolerance is floor is Finding.FAILS else Finding.UNDECIDED


def _why(finding: Finding, growth: Interval, difference: Interval, measure: Measure) -> str:
    by = f"{_range(growth, Unit.RATIO)}, which is {_range(difference, measure.unit)}"
    return f"worse than the baseline by {by}: {MEANING[finding]}"


def _range(found: Interval, unit: Unit) -> str:
    return f"{written(found.low, unit)} to {written(found.high, unit)}"
