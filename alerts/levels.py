"""Signals of what is so now: gauges, shares of a limit, ages, what is there at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from alerts.aggregation import NOTHING, by
from alerts.samples import Stage, series
from slo.indicators import decimal
from slo.promql import Matcher

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from fractions import Fraction

    from alerts.samples import Course
    from slo.promql import Selector


class Now:
    """What looks at no window."""

    __slots__ = ()

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING


@dataclass(frozen=True, slots=True)
class Level(Now):
    """A gauge as it is, the greatest (or the least, or the sum) of those that are alike."""

    of: Selector
    labels: tuple[str, ...] = ("job",)
    operation: str = "max"

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"{self.operation} {by(self.labels)} ({self.of})"

    def example(self, course: Course) -> dict[str, str]:
        """Show it."""
        return {series(self.of): course.gauge(lambda value: value)}


@dataclass(frozen=True, slots=True)
class Answering(Now):
    """Whether a server answers its exporter: 0 too while the exporter waits for it in vain."""

    of: Selector
    up: Selector
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        kept = by(self.labels)
        return f"min {kept} ({self.of}) or min {kept} ({self.up} == 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Let the exporter say it."""
        return {
            series(self.of): course.gauge(lambda value: value),
            series(self.up): course.gauge(lambda _: 1.0),
        }


@dataclass(frozen=True, slots=True)
class Part(Now):
    """What share of something is used: a gauge by another one, its limit."""

    used: Selector
    limit: Selector
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        used, limit = (f"sum {by(self.labels)} ({x})" for x in (self.used, self.limit))
        return f"{used} / ({limit} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Use so much of a hundred."""
        return {
            series(self.used): course.gauge(lambda share: share * 100),
            series(self.limit): course.gauge(lambda _: 100.0),
        }


@dataclass(frozen=True, slots=True)
class Taken(Now):
    """What share of something is taken, when it is told how much is free."""

    free: Selector
    size: Selector
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        free, size = (f"max {by(self.labels)} ({x})" for x in (self.free, self.size))
        return f"1 - {free} / ({size} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Leave so much of a hundred."""
        return {
            series(self.free): course.gauge(lambda share: (1 - share) * 100),
            series(self.size): course.gauge(lambda _: 100.0),
        }


@dataclass(frozen=True, slots=True)
class Alive(Now):
    """How many targets of a job answer: 0, and not nothing, when it has none at all."""

    up: Selector
    job: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep the job."""
        return ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        none = f'label_replace(vector(0), "job", "{self.job}", "", "")'
        return f"sum by (job) ({self.up}) or {none}"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many answer."""
        return {series(self.up): course.gauge(lambda value: value)}


@dataclass(frozen=True, slots=True)
class Missing(Now):
    """1 for each of some series that is not there."""

    of: tuple[Selector, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what the selectors name."""
        return ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        return " or ".join(f"absent({selector})" for selector in self.of)

    def example(self, course: Course) -> dict[str, str]:
        """Let the last one go where the value is 1, and stay where it is 0."""
        kept = {series(selector): course.gauge(lambda _: 1.0) for selector in self.of[:-1]}
        there = tuple(Stage(None if s.value else 1.0, s.minutes) for s in course.stages)
        last = replace(course, stages=there).gauge(lambda value: value)
        return {**kept, series(self.of[-1]): last}


@dataclass(frozen=True, slots=True)
class Elapsed(Now):
    """How long ago, or (`ahead`) how soon, a moment is that a gauge tells."""

    moment: Selector
    unit: timedelta
    labels: tuple[str, ...] = ("job", "instance")
    ahead: bool = False

    def expression(self) -> str:
        """Write it as PromQL."""
        seconds = f"{self.unit.total_seconds():g}"
        if self.ahead:
            return f"(min {by(self.labels)} ({self.moment}) - time()) / {seconds}"
        return f"(time() - max {by(self.labels)} ({self.moment})) / {seconds}"

    def example(self, course: Course) -> dict[str, str]:
        """Move with time, always so far away."""
        seconds = self.unit.total_seconds() * (1 if self.ahead else -1)
        return {series(self.moment): course.gauge(lambda value: value * seconds, drift=1.0)}


@dataclass(frozen=True, slots=True)
class Spent(Now):
    """What the running targets of some jobs cost, each job at its price; by job or in all."""

    up: Selector
    prices: Mapping[str, Fraction]
    level: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep the job, when it is told by job."""
        return ("job",) if self.level == "job" else ()

    def expression(self) -> str:
        """Write it as PromQL."""
        by_job = " or ".join(
            f"sum by (job) ({self._of(job)}) * {decimal(price)}"
            for job, price in self.prices.items()
        )
        return by_job if self.level == "job" else f"sum ({by_job})"

    def example(self, course: Course) -> dict[str, str]:
        """Let the first job cost it."""
        job, price = next(iter(self.prices.items()))
        return {series(self._of(job)): course.gauge(lambda dollars: dollars / float(price))}

    def _of(self, job: str) -> Selector:
        return self.up.where(Matcher("job", "=", job))


@dataclass(frozen=True, slots=True)
class Always(Now):
    """1, whatever there is."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep nothing."""
        return ()

    def expression(self) -> str:
        """Write it as PromQL."""
        return "vector(1)"

    def example(self, course: Course) -> dict[str, str]:
        """Need nothing."""
        del course
        return {}
