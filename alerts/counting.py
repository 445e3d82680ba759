"""Signals of what happens in a window: shares, quantiles, numbers, rates."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from alerts.aggregation import by
from alerts.samples import MINUTE, series
from app.telemetry.model import edge_label
from slo.promql import Matcher

if TYPE_CHECKING:
    from datetime import timedelta

    from alerts.samples import Course
    from slo.promql import Selector


@dataclass(frozen=True, slots=True)
class Ratio:
    """The share of bad events: 0 while nothing is bad, absent while nothing happens."""

    bad: Selector
    total: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        total = f"sum {by(self.labels)} (rate({self.total.over(self.window)}))"
        bad = f"sum {by(self.labels)} (rate({self.bad.over(self.window)}))"
        return f"({bad} or 0 * {total}) / ({total} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many of the events be bad."""
        bad = series(self.bad)
        if self.bad.metric != self.total.metric:
            return {
                bad: course.counter(lambda share: share * course.busy),
                series(self.total): course.counter(lambda _: course.busy),
            }
        apart = [m for m in self.bad.matchers if m not in self.total.matchers]
        good = series(self.total, avoid=apart)
        return {
            bad: course.counter(lambda share: share * course.busy),
            good: course.counter(lambda share: (1 - share) * course.busy),
        }


@dataclass(frozen=True, slots=True)
class Quantile:
    """A quantile of a histogram, interpolated inside its bucket as Prometheus does."""

    of: Selector
    share: float
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        rates = f"sum {by((*self.labels, 'le'))} (rate({self.of.over(self.window)}))"
        return f"histogram_quantile({self.share:g}, {rates})"

    def example(self, course: Course) -> dict[str, str]:
        """Fill the buckets so that the quantile lies where it is wanted."""
        edges = self.of.metric.buckets
        every = series(self.of, (Matcher("le", "=", "+Inf"),))
        return {every: course.counter(lambda _: course.busy)} | {
            series(self.of, (Matcher("le", "=", edge_label(edge)),)): course.counter(
                lambda value, edge=edge: course.busy * self._below(edge, value)  # type: ignore[misc]
            )
            for edge in edges
        }

    def _below(self, edge: float, value: float) -> float:
        """Return the share of events up to an edge while the quantile is `value`.

        Raises ValueError for a value that no bucket with an end holds.
        """
        pairs = pairwise((0.0, *self.of.metric.buckets))
        found = next(((low, high) for low, high in pairs if low <= value < high), None)
        if found is None:
            raise ValueError(f"{self.of.metric.name} tells nothing of values like {value:g}")
        low, high = found
        within = (value - low) / (high - low)
        if edge < low:
            return 0.0
        if edge == low:
            return max(0.0, (self.share - within) / (1 - within))
        return min(1.0, self.share / within) if edge == high and within > self.share else 1.0


@dataclass(frozen=True, slots=True)
class Increase:
    """How many events there were in a window."""

    of: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"sum {by(self.labels)} (increase({self.of.over(self.window)}))"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many happen in each window."""
        return {series(self.of): course.counter(lambda number: number / (self.window / MINUTE))}


@dataclass(frozen=True, slots=True)
class Rate:
    """How many events there are a second."""

    of: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"sum {by(self.labels)} (rate({self.of.over(self.window)}))"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many happen each second."""
        return {series(self.of): course.counter(lambda rate: rate * MINUTE.total_seconds())}


@dataclass(frozen=True, slots=True)
class Changes:
    """How often a value has changed in a window, like the start time of a process."""

    of: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"max {by(self.labels)} (changes({self.of.over(self.window)}))"

    def period(self, number: float, step: timedelta) -> timedelta:
        """Return how far apart changes are of which each window holds so many, or more.

        Raises ValueError for more of them than a window has samples.
        """
        if not number:
            return self.window * 1000
        samples = int((self.window / step - 1) / number)
        if not samples:
            raise ValueError(f"{number:g} changes: a window has {self.window / step:g} samples")
        return samples * step

    def example(self, course: Course) -> dict[str, str]:
        """Let it change so often in each window, evenly."""
        parts = []
        level = 0
        for stage in course.stages:
            left = round(stage.minutes * MINUTE / course.step)
            if stage.value is None:
                parts.append(f"_x{left}")
                continue
            period = round(self.period(stage.value, course.step) / course.step)
            while left:
                run = min(period, left)
                level += 1
                parts.append(f"{level}+0x{run - 1}")
                left -= run
        return {series(self.of): " ".join(parts)}


@dataclass(frozen=True, slots=True)
class Busy:
    """What share of its time something works: neither is it idle nor does it wait for a disk.

    `idle` are the counters of both, and `one` counts once for each processor.
    """

    idle: Selector
    one: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        kept = by(self.labels)
        idle = f"sum {kept} (rate({self.idle.over(self.window)}))"
        return f"1 - {idle} / (count {kept} ({self.one}) > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Be idle for the rest of each minute."""
        seconds = MINUTE.total_seconds()
        return {series(self.one): course.counter(lambda share: (1 - share) * seconds)}
