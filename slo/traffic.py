"""Traffic as a row of minutes: how many events each had, and how many of them were bad."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
    """Minutes of a service; `outages` are known for made-up traffic only."""

    name: str
    total: Sequence[float]
    bad: Sequence[float]
    outages: tuple[Outage, ...] | None = None

    def __post_init__(self) -> None:
        """Refuse rows of different lengths, and minutes that cannot be."""
        if len(self.total) != len(self.bad):
            raise ValueError(
                f"{self.name}: {len(self.total)} minutes of events, {len(self.bad)} of bad ones"
            )
        for minute, (total, bad) in enumerate(zip(self.total, self.bad, strict=True)):
            if not 0 <= bad <= total < math.inf:
                raise ValueError(
                    f"{self.name}: minute {minute} has {bad:g} bad events of {total:g}"
                )


def shapes(seed: int = 1) -> list[Traffic]:
    """Make three days of traffic of each kind of trouble that alerts should tell apart."""
    morning = 2 * DAY + 12 * HOUR
    kinds: list[tuple[str, Callable[[int], float], tuple[Outage, ...]]] = [
        ("healthy", _busy, ()),
        ("full outage of 10 minutes", _busy, (Outage(DAY, DAY + 10, 1.0),)),
        ("full outage of 2 hours", _busy, (Outage(DAY, DAY + 2 * HOUR, 1.0),)),
        ("a tenth fails for 3 hours", _busy, (Outage(DAY, DAY + 3 * HOUR, 0.1),)),
        ("1 % fails for a day", _busy, (Outage(DAY, 2 * DAY, 0.01),)),
        ("flapping, 2 minutes of 20", _busy, _flapping()),
        ("errors in a quiet night", _nightly, (Outage(DAY, DAY + 5 * HOUR, 0.1),)),
        ("12 an hour, one of them fails", _quiet, (Outage(DAY, DAY + 5, 1.0),)),
        ("12 an hour, full outage", _quiet, (Outage(DAY, DAY + 6 * HOUR, 1.0),)),
        ("no traffic at night", _gappy, (Outage(morning, morning + HOUR, 0.5),)),
    ]
    return [_made(name, rate, outages, seed) for name, rate, outages in kinds]


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


def _made(
    name: str, rate: Callable[[int], float], outages: tuple[Outage, ...], seed: int
) -> Traffic:
    """Let events come by chance around a rate; outside of outages one in 100 000 is bad."""
    draw = Random(f"{seed} {name}")  # noqa: S311  # the same traffic each time
    total, bad = [], []
    for minute in range(3 * DAY):
        share = max((o.share for o in outages if o.begins <= minute < o.ends), default=1e-5)
        count = _poisson(draw, rate(minute))
        failed = count if share == 1 else min(count, _poisson(draw, count * share))
        total.append(float(count))
        bad.append(float(failed))
    return Traffic(name, total, bad, outages)


def _poisson(draw: Random, mean: float) -> int:
    """Draw a number of independent events; Knuth's method, and the normal distribution for many."""
    if mean > HOUR:
        return max(0, round(draw.gauss(mean, math.sqrt(mean))))
    limit, product, number = math.exp(-mean), draw.random(), 0
    while product > limit:
        product *= draw.random()
        number += 1
    return number
