"""Service-level indicators: how events, and the bad ones among them, are counted.

Every kind can be counted over any window. Bad events are 0, and not absent, while none happens;
both are absent while nothing is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from app.telemetry.model import Kind, Metric, edge_label
from slo.promql import Matcher, Selector, duration, expand

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class RatioSli:
    """The share of events that are not bad, by one counter: `bad` narrows `total`."""

    metric: Metric
    matchers: tuple[Matcher, ...]
    bad: Matcher

    def __post_init__(self) -> None:
        """Refuse a metric that does not count, and labels that it lacks."""
        if self.metric.kind is Kind.GAUGE:
            raise ValueError(f"{self.metric.name} is a gauge: an SLI counts events")
        _ = self.bad_events

    @property
    def total(self) -> Selector:
        """Select all events."""
        histogram = self.metric.kind is Kind.HISTOGRAM
        series = f"{self.metric.name}_count" if histogram else self.metric.name
        return Selector(self.metric, series, self.matchers)

    @property
    def bad_events(self) -> Selector:
        """Select the bad ones."""
        return self.total.where(self.bad)


@dataclass(frozen=True, slots=True)
class LatencySli:
    """The share of events that took no longer than a threshold, by a histogram.

    The threshold must be a bucket edge, or the share would be an estimate. `good` is what an event
    must be besides, to be a good one: in time is not enough for what has failed and counts.
    """

    metric: Metric
    matchers: tuple[Matcher, ...]
    threshold: Fraction
    good: tuple[Matcher, ...] = ()

    def __post_init__(self) -> None:
        """Refuse no histogram, a threshold between its edges, and labels that it lacks."""
        if self.metric.kind is not Kind.HISTOGRAM:
            raise ValueError(f"{self.metric.name} is no histogram: latency needs one")
        if self.threshold not in {Fraction(str(edge)) for edge in self.metric.buckets}:
            edges = ", ".join(str(edge) for edge in self.metric.buckets)
            raise ValueError(
                f"{float(self.threshold)} s is no bucket edge of {self.metric.name}: one of {edges}"
            )
        _ = self.total, self.good_events

    @property
    def total(self) -> Selector:
        """Select all events."""
        return Selector(self.metric, f"{self.metric.name}_count", self.matchers)

    @property
    def good_events(self) -> Selector:
        """Select the bucket of those that were fast enough."""
        edge = Matcher("le", "=", edge_label(float(self.threshold)))
        bucket = f"{self.metric.name}_bucket"
        return Selector(self.metric, bucket, (*self.matchers, *self.good, edge))


@dataclass(frozen=True, slots=True)
class QuerySli:
    """The share of good events by two queries of a team's own: give the good ones or the bad.

    Each counts events, or their rate, over the window that takes the place of `{{.window}}`; both
    in the same unit, and aggregated to the labels that the SLO is grouped by.
    """

    total_query: str
    good_query: str = ""
    bad_query: str = ""

    def __post_init__(self) -> None:
        """Refuse both or neither, and queries for one window only."""
        if bool(self.good_query) == bool(self.bad_query):
            raise ValueError("give the query of the good events or that of the bad ones")
        for query in (self.total_query, self.good_query or self.bad_query):
            expand(query, timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class RawSli:
    """A share of bad events that somebody else computes, over the window `{{.window}}`.

    How many events there were is unknown: long windows are averages over time, not over events.
    """

    error_query: str

    def __post_init__(self) -> None:
        """Refuse a query for one window only."""
        expand(self.error_query, timedelta(minutes=5))


@dataclass(frozen=True, slots=True)
class ProbeSli:
    """The share of moments at which a condition held: an instant query, once a minute.

    `total_query` has a value wherever there is something to ask; `bad_query` only where it is bad.
    """

    total_query: str
    bad_query: str


Simple = RatioSli | LatencySli | QuerySli | ProbeSli


@dataclass(frozen=True, slots=True)
class SliceSli:
    """The share of time slices that were good: in which enough of the events of `of` were good.

    A slice without events is none. OpenSLO calls it the budgeting method Timeslices.
    """

    of: Simple
    length: timedelta
    target: Fraction

    def __post_init__(self) -> None:
        """Refuse slices that no rule can be evaluated at, and a target that is no share."""
        if not timedelta(minutes=1) <= self.length <= timedelta(hours=1):
            raise ValueError(f"a slice of {duration(self.length)}: from 1m to 1h")
        if not 0 < self.target <= 1:
            raise ValueError("the target of a slice must lie above 0, and not above 1")


Counted = Simple | SliceSli
Sli = Counted | RawSli


def total_in(sli: Counted, window: timedelta, by: Sequence[str] = ()) -> str:
    """Count the events of a rolling window, or their rate."""
    match sli:
        case RatioSli() | LatencySli():
            return f"{aggregate(by)}(increase({sli.total.over(window)}))"
        case QuerySli():
            return expand(sli.total_query, window)
        case ProbeSli():
            return f"{aggregate(by)}(({sli.total_query}) * 0 + 1)"
        case SliceSli():
            return f"({_slice_ratio(sli, by)}) * 0 + 1"


def bad_in(sli: Counted, window: timedelta, by: Sequence[str] = ()) -> str:
    """Count the bad events of a rolling window, in the unit of `total_in`; 0 while none are."""
    if isinstance(sli, SliceSli):
        return f"({_slice_ratio(sli, by)}) > bool {decimal(1 - sli.target)}"
    total = total_in(sli, window, by)
    match sli:
        case RatioSli():
            found = f"{aggregate(by)}(increase({sli.bad_events.over(window)}))"
        case LatencySli():
            good = f"{aggregate(by)}(increase({sli.good_events.over(window)}))"
            return f"clamp_min({total} - ({good} or 0 * {total}), 0)"
        case ProbeSli():
            found = f"{aggregate(by)}(({sli.bad_query}) * 0 + 1)"
        case QuerySli(bad_query=""):
            good = expand(sli.good_query, window)
            return f"clamp_min(({total}) - (({good}) or 0 * ({total})), 0)"
        case QuerySli():
            found = f"({expand(sli.bad_query, window)})"
            total = f"({total})"
    return f"{found} or 0 * {total}"


def error_ratio(sli: Sli, window: timedelta, by: Sequence[str] = ()) -> str:
    """Return the share of bad events in a rolling window, from the events themselves.

    It is 0 while nothing fails, and absent, not 0 and not NaN, while nothing happens.
    """
    if isinstance(sli, RawSli):
        return f"({expand(sli.error_query, window)}) >= 0"
    bad, total = bad_in(sli, window, by), total_in(sli, window, by)
    return f"({bad}) / ({total} > 0)"


def aggregate(by: Sequence[str]) -> str:
    """Write the aggregation that leaves one series a group."""
    return f"sum by ({', '.join(by)}) " if by else "sum"


def decimal(value: Fraction) -> str:
    """Write an exact number as a decimal of at most 12 places, like `0.0072`."""
    text = f"{value.numerator * 10**12 // value.denominator:013d}"
    return f"{text[:-12]}.{text[-12:]}".rstrip("0").rstrip(".")


def _slice_ratio(sli: SliceSli, by: Sequence[str]) -> str:
    return error_ratio(sli.of, sli.length, by)
