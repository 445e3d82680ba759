"""What a policy needs to know of an SLO: its budget, how it burns now, how old and new its data is.

All of it as of one moment, by queries that name it, so that it can be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.burning import burns
from slo.calendars import own_window
from slo.counting import count
from slo.policy.samples import FIRST_EVERY, Samples, find_samples
from slo.prometheus import PartialAnswerError, UnreachableError
from slo.report import SloResult, Verdict, judge

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from slo.burning import Burn
    from slo.model import Slo
    from slo.prometheus import Prometheus

NO_SAMPLES = Samples()


@dataclass(frozen=True, slots=True)
class Measurement:
    """One SLO, or one group of it, as of a moment."""

    result: SloResult
    at: datetime
    burns: tuple[Burn, ...] = ()
    samples: Samples = NO_SAMPLES
    # What the budget is of.
    period: timedelta | None = None
    queries: dict[str, str] = field(default_factory=dict)
    # Why nothing could be asked, when nothing could.
    unreachable: str = ""

    @property
    def left(self) -> Fraction | None:
        """Return which share of the error budget is left: below 0 when more is spent."""
        burned = self.result.budget_burned
        return None if burned is None else 1 - burned

    @property
    def events(self) -> Fraction | None:
        """Return how many events the period had."""
        return self.result.total

    @property
    def worst_burn(self) -> Burn | None:
        """Return the pair nearest to its factor, or beyond it; one that is unknown first."""
        return max(self.burns, key=_urgency, default=None)


def _urgency(burn: Burn) -> tuple[bool, bool, Fraction]:
    return burn.rate is None, burn.burning, (burn.rate or Fraction(0)) / burn.factor


def measurements(
    slos: tuple[Slo, ...], at: datetime, period: timedelta | None, prometheus: Prometheus
) -> list[Measurement]:
    """Measure every SLO, and each of its groups.

    One that cannot be reached is asked no more: what is left is unknown for the same reason.
    Raises WrongAddressError and QueryError.
    """
    found: list[Measurement] = []
    why = ""
    for slo in slos:
        try:
            found += [] if why else measure(slo, at, period, prometheus)
        except UnreachableError as error:
            why = str(error)
        except PartialAnswerError as error:
            found.append(_unknown(slo, at, str(error)))
        if why:
            found.append(_unknown(slo, at, why))
    return found


def _unknown(slo: Slo, at: datetime, why: str) -> Measurement:
    result = SloResult(slo, Verdict.NO_DATA, None, None, {}, why)
    return Measurement(result, at, unreachable=why)


def measure(
    slo: Slo, at: datetime, period: timedelta | None, prometheus: Prometheus
) -> list[Measurement]:
    """Measure one SLO, and each of its groups; raises all of PrometheusError but NoDataError."""
    window = own_window(slo, at, period)
    # An hour more, or a history as long as the period would never be seen to be that long.
    samples = find_samples(slo, at, window.period + FIRST_EVERY, prometheus)
    counted = count(slo, window, prometheus)
    asked = counted.queries | dict(samples.queries)
    if not counted.groups:
        result = SloResult(slo, Verdict.NO_DATA, None, None, counted.queries, counted.missing)
        return [Measurement(result, at, (), samples, window.period, asked)]
    pairs = burns(slo, counted.groups, at, prometheus)
    for queries, _ in pairs:
        asked |= queries
    return [
        Measurement(
            judge(slo, found, counted.queries, group),
            at,
            tuple(burns_of[group] for _, burns_of in pairs),
            samples,
            window.period,
            asked,
        )
        for group, found in sorted(counted.groups.items())
    ]
