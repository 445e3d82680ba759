"""What a service level is: the indicator, the objective, the windows that are judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction

from app.telemetry.model import Kind, Metric, edge_label
from slo.promql import Matcher, Selector

SLO_ID = re.compile(r"[a-z][a-z0-9-]{2,39}")
PERIOD = timedelta(days=30)


class Severity(StrEnum):
    """How urgently a burn wants somebody: page now, or a ticket for working hours."""

    PAGE = "page"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """A pair of windows that both must burn before somebody is told.

    `budget_spent` is the share of the period's error budget that is gone when a steady burn at the
    factor has lasted the long window; the short window makes the alert end soon after the burn.
    Source: The Site Reliability Workbook, chapter 5, "Multiwindow, Multi-Burn-Rate Alerts".
    """

    severity: Severity
    budget_spent: Fraction
    long: timedelta
    short: timedelta

    def factor(self, period: timedelta) -> Fraction:
        """Return the burn rate at which `budget_spent` is gone after the long window.

        2 % of 30 days in 1 hour is a rate of 14.4.
        """
        return (
            self.budget_spent
            * Fraction(period / timedelta(seconds=1))
            / Fraction(self.long / timedelta(seconds=1))
        )


BURN_WINDOWS = (
    BurnWindow(Severity.PAGE, Fraction(2, 100), timedelta(hours=1), timedelta(minutes=5)),
    BurnWindow(Severity.PAGE, Fraction(5, 100), timedelta(hours=6), timedelta(minutes=30)),
    BurnWindow(Severity.TICKET, Fraction(10, 100), timedelta(days=1), timedelta(hours=2)),
    BurnWindow(Severity.TICKET, Fraction(10, 100), timedelta(days=3), timedelta(hours=6)),
)


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

    The threshold must be a bucket edge, or the share would be an estimate.
    """

    metric: Metric
    matchers: tuple[Matcher, ...]
    threshold: Fraction

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
        return Selector(self.metric, f"{self.metric.name}_bucket", (*self.matchers, edge))


Sli = RatioSli | LatencySli


@dataclass(frozen=True, slots=True)
class Slo:
    """One promise: of the events that `sli` counts, at least `objective` are good in `period`."""

    id: str
    service: str
    title: str
    description: str
    objective: Fraction
    sli: Sli
    period: timedelta = PERIOD
    burn_windows: tuple[BurnWindow, ...] = field(default=BURN_WINDOWS)

    def __post_init__(self) -> None:
        """Refuse an objective that cannot be kept or broken, and windows that can never fire."""
        if not SLO_ID.fullmatch(self.id):
            raise ValueError(f"SLO id {self.id!r}: 3 to 40 of a-z, 0-9 and -, a letter first")
        if not isinstance(self.objective, Fraction):
            raise TypeError(f"{self.id}: give the objective as a Fraction, a float is not exact")
        if not 0 < self.objective < 1:
            raise ValueError(f"{self.id}: the objective must lie between 0 and 1, both excluded")
        for window in self.burn_windows:
            if self.budget * window.factor(self.period) >= 1:
                rate = float(window.factor(self.period))
                raise ValueError(f"{self.id}: a burn rate of {rate:g} can never be reached")

    @property
    def budget(self) -> Fraction:
        """Return the error budget: the share of events that may be bad."""
        return 1 - self.objective
