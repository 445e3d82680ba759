"""What the alerts of an SLO would have done with some traffic: who was told, and when.

The same windows, factors, waits and smallest numbers as the generated rules have, evaluated each
minute over the same sums of minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.burn import TIMINGS, least_bad
from slo.model import Severity
from slo.windows import MINUTE, windows_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from slo.burn import Timing
    from slo.model import BurnWindow, Slo
    from slo.traffic import Traffic
    from slo.windows import Windows

# Whoever was told although less than this share of what the alert stands for was spent was told
# for nothing.
WORTH = 0.5


@dataclass(frozen=True, slots=True)
class Firing:
    """One time that an alert fired: minutes from the beginning of the traffic.

    `ended` is None when it still fired at the end. The shares are of the whole period's budget:
    what was gone when it fired, and what was spent from then on and in its long window before.
    """

    pair: BurnWindow
    fired: int
    ended: int | None
    gone: float
    spent: float

    @property
    def wrong(self) -> bool:
        """Whether it told of next to nothing."""
        return self.spent < float(self.pair.budget_spent) * WORTH


@dataclass(frozen=True, slots=True)
class Backtest:
    """The alerts of one SLO on one traffic."""

    slo: Slo
    traffic: Traffic
    firings: tuple[Firing, ...]
    # Share of the period's budget that the whole traffic has spent.
    spent: float

    def first(self, pair: BurnWindow) -> Firing | None:
        """Return the first time that this pair of windows fired."""
        return next((firing for firing in self.firings if firing.pair == pair), None)

    def delay(self, pair: BurnWindow) -> int | None:
        """Return the minutes from the beginning of the first outage to this alert, if both were."""
        first, outages = self.first(pair), self.traffic.outages
        return None if first is None or not outages else first.fired - outages[0].begins


def backtest(slo: Slo, traffic: Traffic) -> Backtest:
    """Replay traffic through every pair of windows that an SLO alerts on."""
    windows = windows_of(slo, traffic)
    firings = tuple(firing for pair in wanted_pairs(slo) for firing in _firings(slo, pair, windows))
    return Backtest(slo, traffic, firings, spent(slo, windows, 0, windows.end))


def wanted_pairs(slo: Slo) -> list[BurnWindow]:
    """List the pairs of windows that an SLO has alerts for."""
    wanted = {Severity.PAGE: slo.alerting.page, Severity.TICKET: slo.alerting.ticket}
    return [pair for pair in slo.burn_windows if wanted[pair.severity]]


def spent(slo: Slo, windows: Windows, begin: int, end: int) -> float:
    """Return the share of a period's budget that is gone between two moments."""
    return windows.spent(begin, end, float(slo.budget), slo.length / MINUTE)


def _firings(slo: Slo, pair: BurnWindow, windows: Windows) -> Iterator[Firing]:
    fired: int | None = None
    for begun, ended in _held(_burns(slo, pair, windows), TIMINGS[pair.severity]):
        if begun is not None:
            fired = begun
        if fired is not None and ended is not None:
            yield _firing(slo, pair, windows, fired, ended)
            fired = None
    if fired is not None:
        yield _firing(slo, pair, windows, fired, None)


def _firing(slo: Slo, pair: BurnWindow, windows: Windows, fired: int, ended: int | None) -> Firing:
    until = windows.end if ended is None else ended
    seen = max(0, fired - _minutes(pair.long))
    gone = spent(slo, windows, 0, fired)
    return Firing(pair, fired, ended, gone, spent(slo, windows, seen, until))


def _burns(slo: Slo, pair: BurnWindow, windows: Windows) -> Iterator[bool]:
    """Say for the end of each minute whether the expression of the alert has a value.

    A short window without events says nothing: the last one that had some speaks for it.
    """
    limit, fewest = float(pair.factor(slo.length) * slo.budget), least_bad(slo, pair)
    last_known = 0.0
    for now in range(windows.end + 1):
        long, short = windows.ratio(now, pair.long), windows.ratio(now, pair.short)
        last_known = last_known if short is None else short
        yield (
            long is not None
            and long > limit
            and last_known > limit
            # Half an event less, as the rules ask it: some counts are extrapolated.
            and (not fewest or windows.bad_events(now, pair.long) > fewest - 0.5)
        )


def _held(burns: Iterator[bool], timing: Timing) -> Iterator[tuple[int | None, int | None]]:
    """Yield (begun, None) when an alert begins to fire and (None, ended) when it ends.

    It fires once its expression has held for the wait, and goes on for a while after it last did.
    """
    wait, keep = _minutes(timing.wait), _minutes(timing.keep_firing)
    pending: int | None = None
    firing, last = False, 0
    for now, burning in enumerate(burns):
        if burning:
            last = now
            pending = now if pending is None else pending
            if not firing and now - pending >= wait:
                firing = True
                yield now, None
            continue
        pending = None
        if firing and now - last > keep:
            firing = False
            yield None, now


def _minutes(length: timedelta) -> int:
    return int(length / MINUTE)
