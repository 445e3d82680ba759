"""Whether a candidate is worse than its base, by rounds in which both were measured."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from math import exp, inf, isfinite, log
from statistics import fmean, median
from typing import TYPE_CHECKING

from slo.statistics.errors import CountsError
from slo.statistics.intervals import Finding, Interval, check_inside, find

if TYPE_CHECKING:
    from collections.abc import Sequence

# Each side of the interval is wrong in one of twenty comparisons.
CONFIDENCE = 0.9
MINIMUM_ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Round:
    """What the base and the candidate took in one round, the same unit for all; less is better.

    Of an ABBA round, base holds the first and the last measurement, candidate those between.
    """

    base: tuple[float, ...]
    candidate: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much worse a candidate may be: tolerance as a share of the base, floor in its unit."""

    tolerance: float
    floor: float

    def __post_init__(self) -> None:
        """Refuse what cannot be an allowance; raises ValueError."""
        for name, number in (("tolerance", self.tolerance), ("floor", self.floor)):
            if not (isfinite(number) and number >= 0):
                raise ValueError(f"the {name} of a comparison is 0 or more, not {number}")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A finding with all that led to it: candidate by base, and candidate less base."""

    finding: Finding
    ratio: Interval
    difference: Interval
    allowance: Allowance


def compare(
    rounds: Sequence[Round], allowance: Allowance, confidence: float = CONFIDENCE
) -> Comparison:
    """Fail a candidate that is surely past both the tolerance and the floor.

    It passes when it is surely within one of them; fewer than five rounds decide nothing. Raises
    ValueError for a confidence that is not between 0 and 1, CountsError for measurements that are
    missing, not finite or not above 0.
    """
    for one in rounds:
        _check(one)
    logs = [fmean(map(log, r.candidate)) - fmean(map(log, r.base)) for r in rounds]
    centre = centre_interval(logs, confidence)
    ratio = Interval(
        None if centre.value is None else exp(centre.value),
        exp(centre.low),
        exp(centre.high),
        centre.samples,
    )
    difference = centre_interval([fmean(r.candidate) - fmean(r.base) for r in rounds], confidence)
    return Comparison(_find(ratio, difference, allowance), ratio, difference, allowance)


def _find(ratio: Interval, difference: Interval, allowance: Allowance) -> Finding:
    if ratio.samples < MINIMUM_ROUNDS:
        return Finding.UNDECIDED
    found = {find(ratio, 1 + allowance.tolerance), find(difference, allowance.floor)}
    if Finding.PASSES in found:
        return Finding.PASSES
    return Finding.FAILS if found == {Finding.FAILS} else Finding.UNDECIDED


def centre_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the exact permutation interval of what values are spread around evenly.

    Two equal versions may change places within a round, so their differences are spread evenly
    around 0 whatever the noise is. A side that too few values bound is infinite. Raises ValueError
    for a confidence that is not between 0 and 1. Formula: Wilcoxon's signed-rank test (1945),
    inverted by Walsh averages and with their median as value: Hodges and Lehmann (1963); Hollander,
    Wolfe and Chicken, Nonparametric Statistical Methods, 3rd edition (2014), section 3.3.
    """
    check_inside("a confidence", confidence)
    if not values:
        return Interval(None, -inf, inf, 0)
    averages = sorted((x + y) / 2 for i, x in enumerate(values) for y in values[i:])
    depth = _depth(len(values), (1 - confidence) / 2)
    low, high = (averages[depth - 1], averages[-depth]) if depth else (-inf, inf)
    return Interval(median(averages), low, high, len(values))


def _depth(count: int, tail: float) -> int:
    """Return which smallest and largest Walsh average bound the centre, 0 for none.

    Every set of ranks is as likely as any other to be that of the values above the centre; the sum
    of its ranks is below the depth no more often than tail.
    """
    sums = [1] + [0] * (count * (count + 1) // 2)
    for rank in range(1, count + 1):
        for total in range(len(sums) - 1, rank - 1, -1):
            sums[total] += sums[total - rank]
    return sum(ways / 2**count <= tail for ways in accumulate(sums))


def _check(one: Round) -> None:
    for name, values in (("base", one.base), ("candidate", one.candidate)):
        if not values:
            raise CountsError(f"the {name} of a round was not measured")
        for value in values:
            if not (isfinite(value) and value > 0):
                raise CountsError(f"the {name} of a round took {value}, which cannot be")
