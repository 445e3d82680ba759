"""What a policy needs to know of an SLO: its budget, how it burns now, how old and new its data is.

All of it as of one moment, by queries that name it, so that it can be asked again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.burn import least_bad
from slo.calendars import own_window
from slo.counting import Count, count
from slo.indicators import RawSli, error_ratio, total_in
from slo.model import CompositeSli, Severity
from slo.prometheus import NoDataError, PartialAnswerError, UnreachableError
from slo.promql import duration
from slo.promql_tree import parse, selectors
from slo.queries import Rolling
from slo.report import SloResult, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slo.counting import Group
    from slo.indicators import Sli
    from slo.model import BurnWindow, Slo
    from slo.prometheus import Prometheus

# How far back the newest sample is looked for, and how often; Prometheus itself looks 5 minutes.
LOOKED_BACK, LOOKED_EVERY = timedelta(hours=2), timedelta(minutes=1)
# The first sample of a month is looked for once an hour: it is known to the hour, never too old.
FIRST_EVERY = timedelta(hours=1)
ANY_WINDOW = timedelta(minutes=5)


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
    newest: datetime | None = None
    oldest: datetime | None = None
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
    newest, oldest = _newest_queries(slo), _oldest_queries(slo, window.period)
    taken = [_moment(query, at, prometheus) for query in newest.values()]
    begun = [_moment(query, at, prometheus) for query in oldest.values()]
    counted = count(slo, window, prometheus)
    queries = counted.queries | newest | oldest
    # Of several counters, the one that was lost and the one that is new.
    known = None if None in taken else min(filter(None, taken))
    since = None if None in begun else max(filter(None, begun))
    if not counted.groups:
        result = SloResult(slo, Verdict.NO_DATA, None, None, counted.queries, counted.missing)
        return [Measurement(result, at, (), known, since, window.period, queries)]
    burns = [_burns(slo, pair, counted.groups, at, prometheus) for pair in _paging(slo)]
    return [
        Measurement(
            judge(slo, found, counted.queries, group),
            at,
            tuple(by_group[group] for by_group in burns),
            known,
            since,
            window.period,
            queries,
        )
        for group, found in sorted(counted.groups.items())
    ]


def _paging(slo: Slo) -> list[BurnWindow]:
    return [pair for pair in slo.burn_windows if pair.severity is Severity.PAGE]


def _burns(
    slo: Slo, pair: BurnWindow, groups: Iterable[Group], at: datetime, prometheus: Prometheus
) -> dict[Group, Burn]:
    long, short = (count(slo, Rolling(x, at), prometheus) for x in (pair.long, pair.short))
    lost = Count(missing=long.missing or short.missing or "nothing is known of this group now")
    return {
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


def _moment(query: str, at: datetime, prometheus: Prometheus) -> datetime | None:
    try:
        seconds = prometheus.number(query, at)
    except NoDataError:
        return None
    return datetime.fromtimestamp(float(seconds), UTC)


def _newest_queries(slo: Slo) -> dict[str, str]:
    """Ask when the newest sample of each thing that an SLO counts was taken."""
    span = f"{duration(LOOKED_BACK)}:{duration(LOOKED_EVERY)}"
    taken = {read: f"max(timestamp({read}))" for read in _read(slo)}
    return {f"newest of {k}": f"{x} or max_over_time({x}[{span}])" for k, x in taken.items()}


def _oldest_queries(slo: Slo, period: timedelta) -> dict[str, str]:
    """Ask for the oldest sample in a period."""
    span = f"{duration(period)}:{duration(FIRST_EVERY)}"
    taken = {read: f"min(timestamp({read}))" for read in _read(slo)}
    return {f"oldest of {k}": f"min_over_time({x}[{span}])" for k, x in taken.items()}


def _read(slo: Slo) -> list[str]:
    """Return the selectors of what an SLO counts."""
    texts = [_text(sli) for sli in _parts(slo)]
    return sorted({str(place.node) for text in texts for place in selectors(parse(text))})


def _parts(slo: Slo) -> Iterator[Sli]:
    if isinstance(slo.sli, CompositeSli):
        yield from (part.sli for part in slo.sli.parts)
    else:
        yield slo.sli


def _text(sli: Sli) -> str:
    return error_ratio(sli, ANY_WINDOW) if isinstance(sli, RawSli) else total_in(sli, ANY_WINDOW)
