"""What a policy needs to know of an SLO: its budget, how it burns now, how old and new its data is.

All of it as of one moment, by queries that name it, so that it can be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.burn import least_bad
from slo.calendars import own_window
from slo.counting import Count, count
from slo.model import Severity
from slo.policy.samples import Samples, find_samples
from slo.prometheus import PartialAnswerError, UnreachableError
from slo.promql import duration
from slo.queries import Rolling
from slo.report import SloResult, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from slo.counting import Group
    from slo.model import BurnWindow, Slo
    from slo.prometheus import Prometheus

NO_SAMPLES = Samples()


@dataclass(frozen=True, slots=True)
class Burn:
    """How many times faster than evenly a budget burns in both windows of a pair that pages.

    `rate` is None when nobody knows, and `missing` says why.
    """

    pair: BurnWindow
    factor: Fraction
    rate: Fraction | None
    burning: bool = False
    missing: str = ""


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
    samples = find_samples(slo, at, window.period, prometheus)
    counted = count(slo, window, prometheus)
    asked = counted.queries | dict(samples.queries)
    if not counted.groups:
        result = SloResult(slo, Verdict.NO_DATA, None, None, counted.queries, counted.missing)
        return [Measurement(result, at, (), samples, window.period, asked)]
    pairs = [_burns(slo, pair, counted.groups, at, prometheus) for pair in _paging(slo)]
    for queries, _ in pairs:
        asked |= queries
    return [
        Measurement(
            judge(slo, found, counted.queries, group),
            at,
            tuple(burns[group] for _, burns in pairs),
            samples,
            window.period,
            asked,
        )
        for group, found in sorted(counted.groups.items())
    ]


def _paging(slo: Slo) -> list[BurnWindow]:
    return [pair for pair in slo.burn_windows if pair.severity is Severity.PAGE]


def _burns(
    slo: Slo, pair: BurnWindow, groups: Iterable[Group], at: datetime, prometheus: Prometheus
) -> tuple[dict[str, str], dict[Group, Burn]]:
    """Return the queries of a pair of windows, and what they say of each group."""
    long, short = (count(slo, Rolling(x, at), prometheus) for x in (pair.long, pair.short))
    lost = Count(missing=long.missing or short.missing or "nothing is known of this group now")
    queries = {
        f"{name} of {duration(length)}": query
        for length, counted in ((pair.long, long), (pair.short, short))
        for name, query in counted.queries.items()
    }
    return queries, {
        group: _burn(slo, pair, long.groups.get(group, lost), short.groups.get(group, lost))
        for group in groups
    }


def _burn(slo: Slo, pair: BurnWindow, long: Count, short: Count) -> Burn:
    """Say whether a pair burns as its alert does, by the same fewest bad events.

    A short window without events says nothing, so the long one speaks for both.
    """
    factor = pair.factor(slo.length)
    if missing := long.missing or short.missing:
        return Burn(pair, factor, None, missing=missing)
    over = long.error_ratio or Fraction(0)
    now = over if short.error_ratio is None else short.error_ratio
    rate = min(over, now) / slo.budget
    enough = long.bad is None or long.bad >= least_bad(slo, pair)
    return Burn(pair, factor, rate, rate > factor and enough)
