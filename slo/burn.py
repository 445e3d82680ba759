"""When a burning budget is worth telling somebody: waits, and how many bad events it takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp
from typing import TYPE_CHECKING

from slo.indicators import RawSli, SliceSli
from slo.model import Severity

if TYPE_CHECKING:
    from fractions import Fraction

    from slo.model import BurnWindow, Slo


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a burn must last before somebody is told, and how long its end is doubted."""

    wait: timedelta
    keep_firing: timedelta


TIMINGS = {
    # Outlasts one late evaluation and costs a 5-minute window nothing; a flicker stays one page.
    Severity.PAGE: Timing(timedelta(minutes=1), timedelta(minutes=5)),
    # Nobody gets up for it: a burn that comes and goes in its windows of hours stays one ticket.
    Severity.TICKET: Timing(timedelta(minutes=10), timedelta(minutes=30)),
}
# How likely chance alone may reach a threshold in one window of a service that just keeps its word.
CHANCE = 1e-4
MOST_EVENTS = 20
# A slice has been judged already, but one failure makes one.
FEWEST_SLICES = 2


def least_bad(slo: Slo, pair: BurnWindow) -> int:
    """Return how many bad events the long window of a pair must have; 0 where nobody counts them.

    Slices take two, or one where the window holds no more.
    """
    match slo.sli:
        case RawSli():
            return 0
        case SliceSli(length=length):
            return max(1, min(FEWEST_SLICES, pair.long // length))
    return fewest_bad(pair.factor(slo.length))


def fewest_bad(factor: Fraction) -> int:
    """Return how many bad events a window must have before somebody is told.

    Where N bad events reach the threshold, a service that only just keeps its objective, and whose
    bad events are independent, has N / factor of them on average. This is the smallest N that
    chance reaches less often than once in ten thousand windows (the Poisson distribution); windows
    with more events need more bad ones, which chance reaches less often still. It is 5 for a burn
    rate of 14.4, 8 for 6, 17 for 3. Rates near 1 are no matter of chance, and need 20.

    So at 12 events an hour one failure never pages, and a full outage pages within 30 minutes: five
    failures take 25, the wait and the evaluations before it up to 3; 5 more where the series of
    failures begins with the first of them, which nobody can count. At R events an hour it takes
    60 N / R + 3 minutes, and nothing fires in windows that see fewer than N events.
    """
    for number in range(1, MOST_EVENTS):
        if _reached(number, number / float(factor)) <= CHANCE:
            return number
    return MOST_EVENTS


def _reached(number: int, mean: float) -> float:
    """Return the probability of `number` or more events where `mean` are expected."""
    term, below = exp(-mean), 0.0
    for k in range(number):
        below += term
        term *= mean / (k + 1)
    return 1 - below
