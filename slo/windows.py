"""Sums and ratios of any window of some traffic, as the recording rules have them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from slo.indicators import SliceSli

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo.model import Slo
    from slo.traffic import Traffic

MINUTE = timedelta(minutes=1)


def tile(slo: Slo) -> timedelta:
    """Return how much time one count of events covers."""
    return slo.sli.length if isinstance(slo.sli, SliceSli) else MINUTE


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of an SLO on some traffic; a moment is the end of that many minutes."""

    total: Sequence[float]
    bad: Sequence[float]
    ratios: Mapping[timedelta, Sequence[float]]
    parts: tuple[tuple[float, Windows], ...]
    # A shorter window than a slice would be empty most of the time.
    shortest: timedelta

    @property
    def end(self) -> int:
        """Return the last moment."""
        return len(self.total) - 1

    def bad_events(self, now: int, window: timedelta) -> float:
        """Return how many bad events the time before a moment had."""
        return self.bad[now] - self.bad[self._before(now, window)]

    def ratio(self, now: int, window: timedelta) -> float | None:
        """Return the error ratio of the time before a moment; None without events."""
        if self.parts:
            return self._weighted(now, window)
        if window in self.ratios:
            read = self.ratios[window][now - 1] if now else math.nan
            return None if math.isnan(read) else read
        events = self.total[now] - self.total[self._before(now, window)]
        return self.bad_events(now, window) / events if events > 0 else None

    def spent(self, begin: int, end: int, budget: float, minutes: float) -> float:
        """Return the share of the budget that is gone between two moments.

        `budget` is the share of events that may be bad in a period of so many minutes, of which
        all are taken to be like this traffic.
        """
        if self.parts:
            known = [(weight, part) for weight, part in self.parts if part.total[-1] > 0]
            whole = sum(weight for weight, _ in known)
            shares = (w / whole * p.spent(begin, end, budget, minutes) for w, p in known)
            return sum(shares)
        allowed = budget * self.total[-1] * minutes / self.end if self.end else 0.0
        return (self.bad[end] - self.bad[begin]) / allowed if allowed > 0 else 0.0

    def _weighted(self, now: int, window: timedelta) -> float | None:
        ratios = [(weight, part.ratio(now, window)) for weight, part in self.parts]
        known = [(weight, ratio) for weight, ratio in ratios if ratio is not None]
        whole = sum(weight for weight, _ in known)
        return sum(weight * ratio for weight, ratio in known) / whole if known else None

    def _before(self, now: int, window: timedelta) -> int:
        return max(0, now - int(max(window, self.shortest) / MINUTE))


def windows_of(slo: Slo, traffic: Traffic) -> Windows:
    """Add up some traffic from its beginning: the sum of any window is one difference."""
    return Windows(
        list(accumulate(traffic.total, initial=0.0)),
        list(accumulate(traffic.bad, initial=0.0)),
        traffic.ratios,
        tuple((weight, windows_of(slo, part)) for weight, part in traffic.parts),
        tile(slo),
    )
