"""What the alerts of an SLO would have done with some traffic: who was told, and when.

The same windows, factors, waits and smallest numbers as the generated rules have, evaluated each
minute over the same sums of minutes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import accumulate
from typing import TYPE_CHECKING

from slo.burn import TIMINGS, least_bad
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo.burn import Timing
    from slo.model import BurnWindow, Slo
    from slo.traffic import Traffic

MINUTE = timedelta(minutes=1)
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
    """Replay traffic through every pair of windows of an SLO."""
    total, bad = _sums(traffic.total), _sums(traffic.bad)
    budget = _budget(slo, total)
    firings = tuple(
        firing for pair in slo.burn_windows for firing in _firings(slo, pair, total, bad, budget)
    )
    return Backtest(slo, traffic, firings, bad[-1] / budget if budget else 0.0)


def _budget(slo: Slo, total: Sequence[float]) -> float:
    """Return how many bad events a period may have, if all of it were like this traffic."""
    minutes = len(total) - 1
    if not minutes:
        return 0.0
    return float(slo.budget) * total[-1] * (slo.length / MINUTE) / minutes


def _firings(
    slo: Slo, pair: BurnWindow, total: Sequence[float], bad: Sequence[float], budget: float
) -> Iterator[Firing]:
    long = _minutes(pair.long)
    fired: int | None = None
    for begun, ended in _held(_burns(slo, pair, total, bad), TIMINGS[pair.severity]):
        if begun is not None:
            fired = begun
        if fired is not None and ended is not None:
            yield _firing(pair, fired, ended, long, bad, budget)
            fired = None
    if fired is not None:
        yield _firing(pair, fired, None, long, bad, budget)


def _firing(
    pair: BurnWindow, fired: int, ended: int | None, long: int, bad: Sequence[float], budget: float
) -> Firing:
    until = len(bad) - 1 if ended is None else ended
    spent = bad[until] - bad[max(0, fired - long)]
    return Firing(pair, fired, ended, bad[fired] / budget, spent / budget)


def _burns(
    slo: Slo, pair: BurnWindow, total: Sequence[float], bad: Sequence[float]
) -> Iterator[bool]:
    """Say for the end of each minute whether the expression of the alert has a value."""
    factor = pair.factor(slo.length)
    limit, fewest = float(factor * slo.budget), least_bad(slo, pair)
    long, short = _minutes(pair.long), _minutes(pair.short)
    for now in range(len(total)):
        burned = bad[now] - bad[max(0, now - long)]
        yield (
            burned >= fewest
            and burned > limit * (total[now] - total[max(0, now - long)])
            and _ratio(total, bad, now, short) > limit
        )


def _ratio(total: Sequence[float], bad: Sequence[float], now: int, window: int) -> float:
    """Return the share of bad events in the minutes before now; -1 without events."""
    before = max(0, now - window)
    events = total[now] - total[before]
    return (bad[now] - bad[before]) / events if events > 0 else -1.0


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


def _sums(values: Sequence[float]) -> list[float]:
    """Add up from the beginning: the sum of any window is one difference."""
    return list(accumulate(values, initial=0.0))


def _minutes(length: timedelta) -> int:
    return int(length / MINUTE)


def summarise(result: Backtest) -> list[dict[str, object]]:
    """Return one line a pair of windows, for tables and JSON."""
    lines: list[dict[str, object]] = []
    for pair in result.slo.burn_windows:
        firings = [firing for firing in result.firings if firing.pair == pair]
        first = firings[0] if firings else None
        lines.append(
            {
                "slo": result.slo.id,
                "traffic": result.traffic.name,
                "severity": pair.severity.value,
                "windows": f"{duration(pair.long)}/{duration(pair.short)}",
                "fired": len(firings),
                "wrong": sum(firing.wrong for firing in firings),
                "first_after_minutes": result.delay(pair),
                "first_at_minute": None if first is None else first.fired,
                "budget_gone": None if first is None else round(first.gone, 6),
                "reset_after_minutes": _reset(first),
                "budget_spent": round(result.spent, 6),
            }
        )
    return lines


def _reset(first: Firing | None) -> int | None:
    return None if first is None or first.ended is None else first.ended - first.fired
