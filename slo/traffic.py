"""Traffic as a row of minutes: how many events each had, and how many of them were bad."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

HOUR = 60
DAY = 24 * HOUR
BUSY = 600.0
QUIET = 0.2


@dataclass(frozen=True, slots=True)
class Outage:
    """When something was broken, in minutes from the beginning, and which share failed."""

    begins: int
    ends: int
    share: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """Minutes of a service; `outages` are known for made-up traffic, `begins` for recorded."""

    name: str
    total: Sequence[float]
    bad: Sequence[float]
    outages: tuple[Outage, ...] | None = None
    begins: datetime | None = None
    # The parts of a composite, each with its weight; `total` and `bad` are their sums.
    parts: tuple[tuple[float, Traffic], ...] = ()
    # Ratios that somebody else has computed over these windows, minute by minute; NaN for none.
    ratios: Mapping[timedelta, Sequence[float]] = field(default_factory=dict)
    # Minutes of which nothing is known; they count as minutes without events.
    missing: int = 0

    def __post_init__(self) -> None:
        """Refuse rows of different lengths, and minutes that cannot be."""
        if len(self.total) != len(self.bad):
            raise ValueError(
                f"{self.name}: {len(self.total)} minutes of events, {len(self.bad)} of bad ones"
            )
        for minute, (total, bad) in enumerate(zip(self.total, self.bad, strict=True)):
            if not self._can_be(total, bad):
                raise ValueError(
                    f"{self.name}: minute {minute} has {bad:g} bad events of {total:g}"
                )

    def _can_be(self, total: float, bad: float) -> bool:
        # Two counters are not read at the same moment: a recorded minute may have more bad ones.
        if self.begins is not None:
            return math.isfinite(total) and math.isfinite(bad)
        return 0 <= bad <= total < math.inf


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of trouble: what it is, how many events a minute has, what is broken when."""

    words: str
    rate: Callable[[int], float]
    outages: tuple[Outage, ...] = ()


def shapes(seed: int = 1) -> list[Traffic]:
    """Make three days of traffic of each kind of trouble that alerts should tell apart."""
    return [make(name, seed) for name in SHAPES]


def make(name: str, seed: int = 1) -> Traffic:
    """Let events come by chance around a rate; outside of outages one in 100 000 is bad."""
    shape = SHAPES[name]
    draw = Random(f"{seed} {name}")  # noqa: S311  # the same traffic each time
    total, bad = [], []
    for minute in range(3 * DAY):
        share = max((o.share for o in shape.outages if o.begins <= minute < o.ends), default=1e-5)
        count = _poisson(draw, shape.rate(minute))
        failed = count if share == 1 else min(count, _poisson(draw, count * share))
        total.append(float(count))
        bad.append(float(failed))
    return Traffic(name, total, bad, shape.outages)


def in_slices(traffic: Traffic, minutes: int, most_bad: float) -> Traffic:
    """Judge slices of time: each becomes one event at its end, bad above a share of bad events."""
    total, bad = [0.0] * len(traffic.total), [0.0] * len(traffic.total)
    for end in range(minutes, len(total) + 1, minutes):
        events = sum(traffic.total[end - minutes : end])
        total[end - 1] = float(events > 0)
        bad[end - 1] = float(sum(traffic.bad[end - minutes : end]) > most_bad * events)
    return Traffic(traffic.name, total, bad, traffic.outages)


def _busy(_: int) -> float:
    return BUSY


def _quiet(_: int) -> float:
    return QUIET


def _flapping() -> tuple[Outage, ...]:
    return tuple(Outage(DAY + n * 20, DAY + n * 20 + 2, 1.0) for n in range(18))


def _nightly(minute: int) -> float:
    """Least at midnight, most at noon."""
    return BUSY * (0.52 - 0.48 * math.cos(2 * math.pi * (minute % DAY) / DAY))


def _gappy(minute: int) -> float:
    return BUSY if 8 * HOUR <= minute % DAY < 20 * HOUR else 0.0


def _poisson(draw: Random, mean: float) -> int:
    """Draw a number of independent events; Knuth's method, and the normal distribution for many."""
    if mean > HOUR:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        number += 1
    return number


SHAPES = {
    "healthy": Shape("600 events a minute, one in 100 000 fails", _busy),
    "outage-10m": Shape("all fail for 10 minutes", _busy, (Outage(DAY, DAY + 10, 1.0),)),
    "outage-2h": Shape("all fail for 2 hours", _busy, (Outage(DAY, DAY + 2 * HOUR, 1.0),)),
    "tenth-3h": Shape("a tenth fails for 3 hours", _busy, (Outage(DAY, DAY + 3 * HOUR, 0.1),)),
    "percent-1d": Shape("1 % fails for a day", _busy, (Outage(DAY, 2 * DAY, 0.01),)),
    "flapping": Shape("all fail in 2 of 20 minutes, for 6 hours", _busy, _flapping()),
    "quiet-night": Shape(
        "a tenth fails in a quiet night", _nightly, (Outage(DAY, DAY + 5 * HOUR, 0.1),)
    ),
    "few-one-fails": Shape("12 an hour, one of them fails", _quiet, (Outage(DAY, DAY + 5, 1.0),)),
    "few-outage": Shape(
        "12 an hour, all fail for 6 hours", _quiet, (Outage(DAY, DAY + 6 * HOUR, 1.0),)
    ),
    "nights-off": Shape(
        "nothing at night, half fails for an hour by day",
        _gappy,
        (Outage(2 * DAY + 12 * HOUR, 2 * DAY + 13 * HOUR, 0.5),),
    ),
}
