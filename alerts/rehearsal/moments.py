"""When windows that are looked at in steps begin and end to burn.

At the earliest and at the latest: Prometheus 2 counts a sample at the very beginning of a window,
Prometheus 3 leaves it out, so that a window holds one evaluation more or less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Moment:
    """The earliest and the latest minute of an evaluation, since traffic changed."""

    earliest: int
    latest: int


def begins(limit: Fraction, share: Fraction, before: int, window: int, step: int) -> Moment:
    """Tell when a window burns: some minutes without a failure, then a share of bad events.

    Of n evaluations in it m are bad, as soon as m * share > n * limit; as long as it reaches back
    to the first event, n is m and those before.
    """
    growing = limit * before / step / (share - limit)
    minutes = [
        (math.floor(min(growing, limit * held / share)) + 1) * step for held in _held(window, step)
    ]
    return Moment(min(minutes), max(minutes))


def ends(limit: Fraction, share: Fraction, after: Fraction, window: int, step: int) -> Moment:
    """Tell when a window that was full of one share, and is filled by a lesser one, burns no more.

    Of n evaluations k are after the change, and (n - k) * share + k * after <= n * limit.
    """
    minutes = [
        math.ceil(held * (share - limit) / (share - after)) * step for held in _held(window, step)
    ]
    return Moment(min(minutes), max(minutes))


def _held(window: int, step: int) -> tuple[int, int]:
    """Return how many evaluations a window holds: at its end, and at its beginning or not."""
    fewest = max(1, window // step)
    return fewest, fewest + 1
