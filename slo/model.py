"""What a service level is: the indicator, the objective, the windows that are judged."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slo.indicators import Counted, Sli

SLO_ID = re.compile(r"[a-z][a-z0-9-]{2,63}")
PERIOD = timedelta(days=30)
SCRAPE_INTERVAL = timedelta(seconds=15)
MOST_SIMPLE = 2
# Findings of `python -m slo lint` that no SLO can be made with.
DEAD_ALERT, NO_BUDGET = "dead-alert", "objective-100"


class HopelessSloError(ValueError):
    """An SLO could never work; `finding` is the id under which that is explained."""

    def __init__(self, finding: str, sentence: str) -> None:
        """Keep the id beside the sentence."""
        super().__init__(sentence)
        self.finding = finding


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


class CalendarUnit(StrEnum):
    """A period that begins anew with the calendar."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


# How long a budget lasts on average; factors of burn rates are made from it.
LENGTHS = {
    CalendarUnit.WEEK: timedelta(days=7),
    CalendarUnit.MONTH: timedelta(days=30),
    CalendarUnit.QUARTER: timedelta(days=90),
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """Weeks from Monday, months or quarters, in the time of a place, from a first day on."""

    unit: CalendarUnit
    first: date
    zone: str = "UTC"

    def __post_init__(self) -> None:
        """Refuse a zone that nobody knows, and a first day on which no such period begins."""
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError(f"{self.zone!r} is no time zone, like Europe/Berlin") from None
        begins = {
            CalendarUnit.WEEK: self.first.weekday() == 0,
            CalendarUnit.MONTH: self.first.day == 1,
            CalendarUnit.QUARTER: self.first.day == 1 and self.first.month % 3 == 1,
        }
        if not begins[self.unit]:
            raise ValueError(f"no {self.unit} begins on {self.first}")


@dataclass(frozen=True, slots=True)
class Part:
    """One of several indicators that make up one, and how much it weighs."""

    name: str
    weight: Fraction
    sli: Counted

    def __post_init__(self) -> None:
        """Refuse a part without weight, or without a usable name."""
        if self.weight <= 0:
            raise ValueError(f"part {self.name}: its weight must lie above 0")
        if not SLO_ID.fullmatch(self.name):
            raise ValueError(f"part {self.name!r}: 3 to 64 of a-z, 0-9 and -, a letter first")


@dataclass(frozen=True, slots=True)
class CompositeSli:
    """The weighted mean of several indicators; a part without events has no weight."""

    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        """Refuse fewer than two parts, and two of the same name."""
        names = [part.name for part in self.parts]
        if len(names) < MOST_SIMPLE or len(set(names)) < len(names):
            raise ValueError("a composite needs two parts or more, each with a name of its own")


@dataclass(frozen=True, slots=True)
class Alerting:
    """What a team adds to the alerts of an SLO, and which of them it wants."""

    page: bool = True
    ticket: bool = True
    labels: Mapping[str, str] = field(default_factory=dict)
    page_labels: Mapping[str, str] = field(default_factory=dict)
    ticket_labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    page_annotations: Mapping[str, str] = field(default_factory=dict)
    ticket_annotations: Mapping[str, str] = field(default_factory=dict)
    # Takes the place of the name made from the id.
    name: str = ""


@dataclass(frozen=True, slots=True)
class Slo:
    """One promise: of the events that `sli` counts, at least `objective` are good in `period`."""

    id: str
    service: str
    title: str
    description: str
    objective: Fraction
    sli: Sli | CompositeSli
    period: timedelta | Calendar = PERIOD
    burn_windows: tuple[BurnWindow, ...] = field(default=BURN_WINDOWS)
    # One budget and one alert for each value of these labels.
    group_by: tuple[str, ...] = ()
    # How often what it counts is scraped: the windows of rules are made for it.
    scrape_interval: timedelta = SCRAPE_INTERVAL
    labels: Mapping[str, str] = field(default_factory=dict)
    alerting: Alerting = field(default_factory=Alerting)

    def __post_init__(self) -> None:
        """Refuse an objective that cannot be kept or broken, and windows that can never fire."""
        if not SLO_ID.fullmatch(self.id):
            raise ValueError(f"SLO id {self.id!r}: 3 to 64 of a-z, 0-9 and -, a letter first")
        if not isinstance(self.objective, Fraction):
            raise TypeError(f"{self.id}: give the objective as a Fraction, a float is not exact")
        if not 0 < self.objective < 1:
            sentence = f"{self.id}: the objective must lie between 0 and 1, both excluded"
            if self.objective == 1:
                raise HopelessSloError(NO_BUDGET, sentence)
            raise ValueError(sentence)
        for window in self.burn_windows:
            if self.budget * window.factor(self.length) >= 1:
                rate = float(window.factor(self.length))
                sentence = f"{self.id}: a burn rate of {rate:g} can never be reached"
                raise HopelessSloError(DEAD_ALERT, sentence)

    @property
    def length(self) -> timedelta:
        """Return how long a budget lasts; a month of the calendar counts as 30 days."""
        return LENGTHS[self.period.unit] if isinstance(self.period, Calendar) else self.period

    @property
    def budget(self) -> Fraction:
        """Return the error budget: the share of events that may be bad."""
        return 1 - self.objective
