"""When a burning budget is worth telling somebody: waits, and how many bad events it takes."""

from __future__ import annotations

from datetime import timedelta
from math import exp
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

# Long enough to outlast one late evaluation, short enough to cost the 5-minute window nothing.
WAIT = timedelta(minutes=1)
# A burn that flickers around its threshold stays one page.
KEEP_FIRING = timedelta(minutes=5)
# How likely chance alone may reach a threshold in one window of a service that just keeps its word.
CHANCE = 1e-4
MOST_EVENTS = 20


def fewest_bad(factor: Fraction) -> int:
    """Return how many bad events a window must have before somebody is told.

    A service that only just keeps its objective, whose bad events are independent, has on average
    N / factor of them in a window where N of them reach the threshold. This is the smallest N that
    chance reaches less often than once in ten thousand windows (the Poisson distribution): 5 for a
    burn rate of 14.4, so one failure an hour never pages, and a full outage at 12 events an hour
    does after 25 minutes. Rates near 1 are no matter of chance; they need 20.
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
