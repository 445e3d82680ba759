"""Signals of recorded signals: means of days, and surges over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import decimal
from slo.promql import duration

if TYPE_CHECKING:
    from alerts.aggregation import Aggregation
    from alerts.samples import Course


HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of a recorded signal over days, times a factor.

    `whole` keeps it back until it has been recorded for as long, and ends it with what it is about:
    a new node has not idled for days, and one that is gone does not either.
    """

    record: str
    of: Aggregation
    window: timedelta
    factor: Fraction = Fraction(1)
    whole: bool = False

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what was recorded."""
        return self.of.labels

    def expression(self) -> str:
        """Write it as PromQL."""
        length = duration(self.window)
        mean = f"avg_over_time({self.record}[{length}])"
        if self.factor != 1:
            mean = f"{mean} * {decimal(self.factor)}"
        return f"{mean} and {self.record} and {self.record} offset {length}" if self.whole else mean

    def example(self, course: Course) -> dict[str, str]:
        """Let what is recorded have it."""
        return self.of.example(course.scaled(float(1 / self.factor)))


@dataclass(frozen=True, slots=True)
class Total:
    """What a recorded amount an hour has come to, hour by hour, times a factor.

    Hours of which nothing is known add nothing.
    """

    record: str
    of: Aggregation
    window: timedelta
    factor: Fraction

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what was recorded."""
        return self.of.labels

    def expression(self) -> str:
        """Write it as PromQL."""
        total = f"sum_over_time({self.record}[{duration(self.window)}:{duration(HOUR)}])"
        return f"{total} * {decimal(self.factor)}"

    def example(self, course: Course) -> dict[str, str]:
        """Let a window full of it come to it."""
        return self.of.example(course.scaled(float(Fraction(HOUR / self.window) / self.factor)))


@dataclass(frozen=True, slots=True)
class Surge:
    """How many times its own mean of a day a recorded rate is; `floor` a second at least counts."""

    record: str
    of: Aggregation
    day: timedelta
    gap: timedelta
    floor: float

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what was recorded."""
        return self.of.labels

    @property
    def window(self) -> timedelta:
        """Look back as far as the rate does."""
        return self.of.window

    def expression(self) -> str:
        """Write it as PromQL."""
        # Of the time before: what began an hour ago is not usual yet.
        mean = f"avg_over_time({self.record}[{duration(self.day)}] offset {duration(self.gap)})"
        return f"{self.record} / clamp_min({mean} or 0 * {self.record}, {self.floor:g})"

    def example(self, course: Course) -> dict[str, str]:
        """Be so many times the floor, from which the mean of a day hardly moves."""
        return self.of.example(course.scaled(self.floor))
