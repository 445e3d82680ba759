"""How far a ratio or a quantile can be trusted, and what that says about its limit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil, exp, inf, isfinite, lgamma, log, log1p, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

from slo.statistics.errors import CountsError

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95
# So many samples beyond a quantile make it more than the story of a few of them.
BEYOND = 10
# A term this much smaller than its sum no longer changes it.
NEGLIGIBLE = 1e-17


class Finding(StrEnum):
    """What a measurement says about its limit."""

    PASSES = "passes"
    FAILS = "fails"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Interval:
    """A measured value, the two-sided interval around it, and the samples behind both.

    Without samples there is no value; a side about which they say nothing is as far as it can be.
    """

    value: float | None
    low: float
    high: float
    samples: float


def minimum_samples(share: float) -> int:
    """Return how many samples a quantile needs before anything is said of it: 10 / (1 - share).

    Raises ValueError for a share that is not between 0 and 1.
    """
    check_inside("the share of a quantile", share)
    return ceil(BEYOND / (1 - _as_written(share)))


def find(interval: Interval, limit: float) -> Finding:
    """Pass when the whole interval is within the limit, fail when its good side is past it."""
    if not interval.samples:
        return Finding.UNDECIDED
    if interval.high <= limit:
        return Finding.PASSES
    return Finding.FAILS if interval.low > limit else Finding.UNDECIDED


def ratio_interval(bad: float, total: float, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a ratio, within 0 and 1; all of that without events.

    Counts may have fractions, as Prometheus extrapolates them. Raises ValueError for a confidence
    that is not between 0 and 1, CountsError for counts that cannot be. Formula: E. B. Wilson,
    Probable Inference, JASA 22 (1927), 209-212; the low side as in Newcombe, Statistics in Medicine
    17 (1998), 857-872, brought into the form that loses no digits near 0.
    """
    check_inside("a confidence", confidence)
    if not (isfinite(total) and 0 <= bad <= total):
        raise CountsError(f"{bad} bad events of {total} cannot be")
    if not total:
        return Interval(None, 0.0, 1.0, total)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    upper = bad + z * z / 2 + z * sqrt(bad * ((total - bad) / total) + z * z / 4)
    ratio = bad / total
    return Interval(ratio, ratio * bad / upper, min(1.0, upper / (total + z * z)), total)


def quantile_interval(
    buckets: Sequence[tuple[float, int]], share: float, confidence: float = CONFIDENCE
) -> Interval:
    """Return the interval between two order statistics that holds a quantile of any distribution.

    Buckets are (value, count), ascending, in any unit. A value stands for its whole bucket, so
    these must be as narrow as an HDR histogram's; for the wide ones of Prometheus judge the ratio
    above a bound. Infinity is what never came. A side that too few samples bound is infinite.
    Raises ValueError for a share or confidence that is not between 0 and 1, CountsError for buckets
    that cannot be. Formula: David and Nagaraja, Order Statistics, 3rd edition (2003), section 7.1;
    it covers at least as often as it says, values that repeat included.
    """
    check_inside("the share of a quantile", share)
    check_inside("a confidence", confidence)
    _check_buckets(buckets)
    reached = list(accumulate(count for _, count in buckets))
    total = reached[-1] if reached else 0
    if not total:
        return Interval(None, -inf, inf, 0)

    def at(rank: int) -> float:
        return buckets[bisect_right(reached, rank - 1)][0]

    tail = (1 - confidence) / 2
    low = _rank_below(total, share, tail)
    # Counted from the largest value, the upper rank is the lower one of the mirrored quantile.
    high = _rank_below(total, 1 - share, tail)
    return Interval(
        at(ceil(_as_written(share) * total)),
        at(low) if low else -inf,
        at(total + 1 - high) if high else inf,
        total,
    )


def _rank_below(total: int, share: float, tail: float) -> int:
    """Return the largest rank above the quantile no more often than tail, 0 for none.

    Its value is above the quantile when fewer samples than its rank are below.
    """
    most = int(total * share)
    return bisect_right(range(most + 1), tail, key=lambda k: _at_most(k, total, share))


def _at_most(successes: int, trials: int, chance: float) -> float:
    """Return how likely so few successes are; they must not exceed the mean, where terms fall."""
    ways = lgamma(trials + 1) - lgamma(successes + 1) - lgamma(trials - successes + 1)
    term = exp(ways + successes * log(chance) + (trials - successes) * log1p(-chance))
    found = term
    for k in range(successes, 0, -1):
        term *= k * (1 - chance) / ((trials - k + 1) * chance)
        if term <= found * NEGLIGIBLE:
            break
        found += term
    return found


def _as_written(number: float) -> Fraction:
    """Return the decimal that was meant: 1 - 0.9 in binary asks for a sample too many."""
    return Fraction(str(number))


def check_inside(what: str, number: float) -> None:
    """Refuse a number that is not between 0 and 1; raises ValueError."""
    if not 0 < number < 1:
        raise ValueError(f"{what} is above 0 and below 1, not {number}")


def _check_buckets(buckets: Sequence[tuple[float, int]]) -> None:
    for value, count in buckets:
        if not (value > -inf and count >= 0 and float(count).is_integer()):
            raise CountsError(f"a bucket of {count} times {value} cannot be")
    for (one, _), (other, _) in pairwise(buckets):
        if one >= other:
            raise CountsError(f"buckets are not ascending: {other} comes after {one}")
