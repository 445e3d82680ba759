"""Signals of recorded signals: means of days, and surges over them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import decimal
from slo.promql import duration

if TYPE_CHECKING:
    from datetime import timedelta

    from alerts.aggregation import Aggregation
    from alerts.samples import Course


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of a recorded signal over days, times a factor.

    `whole` keeps it back until it has been recorded for as long: a new node has not idled for days.
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
        return f"{mean} and {self.record} offset {length}" if self.whole else mean

    def example(self, course: Course) -> dict[str, str]:
        """Let what is recorded have it."""
        return self.of.example(course.scaled(float(1 / self.factor)))


@dataclass(frozen=True, slots=True)
class Surge:
    """How many times its own mean of a day a recorded rate is; `floor` a second at least counts."""

    record: str
    of: Aggregation
    day: timedelta
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
        mean = f"avg_over_time({self.record}[{duration(self.day)}])"
        return f"{self.record} / clamp_min({mean}, {self.floor:g})"

    def example(self, course: Course) -> dict[str, str]:
        """Be so many times the floor, from which the mean of a day hardly moves."""
        return self.of.example(course.scaled(self.floor))
