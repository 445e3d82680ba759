"""What the alerts of an SLO are for, stated without the code that renders them.

Whatever is wrong there cannot hide itself here: numbers come from the objective, the Site
Reliability Workbook's table and exact fractions, and names are written anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from slo.indicators import RawSli, SliceSli
from slo.model import Severity

if TYPE_CHECKING:
    from fractions import Fraction

    from slo.model import BurnWindow, Slo

# Minutes: how long it must burn, and how long it is still told of after that.
WAITS = {Severity.PAGE: 1, Severity.TICKET: 10}
KEPT = {Severity.PAGE: 5, Severity.TICKET: 30}
NO_DATA_KEPT = 5
# One such window of ten thousand may have as many bad events by chance.
RARE = 1e-4
MOST = 20
ENDLESS = 200


@dataclass(frozen=True, slots=True)
class Pair:
    """Two windows in minutes, the share of bad events at which both burn, and what is told."""

    severity: Severity
    long: int
    short: int
    limit: Fraction
    fewest: int

    @property
    def wait(self) -> int:
        """Return the minutes that a burn must last."""
        return WAITS[self.severity]

    @property
    def kept(self) -> int:
        """Return the minutes for which its end is doubted."""
        return KEPT[self.severity]

    @property
    def crossing(self) -> Fraction:
        """Return after how many minutes of a full outage the long window burns."""
        return self.limit * self.long


def pairs(slo: Slo) -> tuple[Pair, ...]:
    """List what somebody wants to be told of."""
    wanted = {Severity.PAGE: slo.alerting.page, Severity.TICKET: slo.alerting.ticket}
    return tuple(_pair(slo, window) for window in slo.burn_windows if wanted[window.severity])


def _pair(slo: Slo, window: BurnWindow) -> Pair:
    long, short = minutes(window.long), minutes(window.short)
    rate = window.budget_spent * minutes(slo.length) / long
    return Pair(window.severity, long, short, rate * (1 - slo.objective), _fewest(slo, rate, long))


def _fewest(slo: Slo, rate: Fraction, long: int) -> int:
    if isinstance(slo.sli, RawSli):
        return 0
    if isinstance(slo.sli, SliceSli):
        return 2 if long >= 2 * minutes(slo.sli.length) else 1
    return next((n for n in range(1, MOST) if _tail(n, float(n / rate)) <= RARE), MOST)


def _tail(number: int, mean: float) -> float:
    """Add up the Poisson probabilities of `number` and more."""
    return math.fsum(
        math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))
        for k in range(number, number + ENDLESS)
    )


def silence(slo: Slo) -> int:
    """Return after how many minutes without data somebody is told.

    A full outage would have spent what the fastest page allows; from 10 minutes to an hour.
    """
    first = min(slo.burn_windows, key=lambda window: window.long)
    spent = first.budget_spent * (1 - slo.objective) * minutes(slo.length)
    return min(max(math.floor(spent), 10), 60)


def alert_name(slo: Slo, what: str) -> str:
    """Write a name like `SwipeLatencyBudgetBurnPage`, or after the team's own."""
    return (slo.alerting.name or slo.id.replace("-", " ").title().replace(" ", "")) + what


def minutes(length: timedelta) -> int:
    """Return a length in minutes."""
    return round(length / timedelta(minutes=1))
