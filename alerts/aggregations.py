"""How a signal is computed: as PromQL, and backwards, as series that would give it a value.

Every aggregation writes both, so that each alert can be rehearsed at, above and below its threshold
with nothing but its declaration.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol

from alerts.samples import MINUTE, Stage, series
from slo.indicators import decimal
from slo.promql import Matcher, duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alerts.samples import Course
    from slo.promql import Selector

# Events a minute in rehearsals: more than any floor under which an alert keeps silent.
BUSY = 6000.0
NOTHING = timedelta(0)


class Aggregation(Protocol):
    """What a signal is made of."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that its series keep."""

    @property
    def window(self) -> timedelta:
        """How far back it looks; nothing for what is read as it is now."""

    def expression(self) -> str:
        """Write it as PromQL."""

    def example(self, course: Course) -> dict[str, str]:
        """Return series, in promtool's notation, from which it takes the values of a course."""


def _by(labels: tuple[str, ...]) -> str:
    return f"by ({', '.join(labels)})"


@dataclass(frozen=True, slots=True)
class Ratio:
    """The share of bad events: 0 while nothing is bad, absent while nothing happens."""

    bad: Selector
    total: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        total = f"sum {_by(self.labels)} (rate({self.total.over(self.window)}))"
        bad = f"sum {_by(self.labels)} (rate({self.bad.over(self.window)}))"
        return f"({bad} or 0 * {total}) / ({total} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many of the events be bad."""
        bad = series(self.bad)
        if self.bad.metric != self.total.metric:
            return {
                bad: course.counter(lambda share: share * BUSY),
                series(self.total): course.counter(lambda _: BUSY),
            }
        apart = [m for m in self.bad.matchers if m not in self.total.matchers]
        good = series(self.total, avoid=apart)
        return {
            bad: course.counter(lambda share: share * BUSY),
            good: course.counter(lambda share: (1 - share) * BUSY),
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
        rates = f"sum {_by((*self.labels, 'le'))} (rate({self.of.over(self.window)}))"
        return f"histogram_quantile({self.share:g}, {rates})"

    def example(self, course: Course) -> dict[str, str]:
        """Fill the buckets so that the quantile lies where it is wanted."""
        edges = (*self.of.metric.buckets, float("inf"))
        return {
            series(self.of, (Matcher("le", "=", _edge(edge)),)): course.counter(
                lambda value, edge=edge: BUSY * self._below(edge, value)  # type: ignore[misc]
            )
            for edge in edges
        }

    def _below(self, edge: float, value: float) -> float:
        """Return the share of events up to an edge while the quantile is `value`."""
        pairs = list(pairwise((0.0, *self.of.metric.buckets)))
        low, high = next((a, b) for a, b in pairs if a <= value < b or b == pairs[-1][1])
        if edge >= high:
            return 1.0
        within = (value - low) / (high - low)
        return (self.share - within) / (1 - within) if edge >= low else 0.0


def _edge(edge: float) -> str:
    return "+Inf" if edge == float("inf") else repr(edge)


@dataclass(frozen=True, slots=True)
class Increase:
    """How many events there were in a window."""

    of: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job",)

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"sum {_by(self.labels)} (increase({self.of.over(self.window)}))"

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
        return f"sum {_by(self.labels)} (rate({self.of.over(self.window)}))"

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
        return f"max {_by(self.labels)} (changes({self.of.over(self.window)}))"

    def example(self, course: Course) -> dict[str, str]:
        """Let it change so often in each window, evenly."""
        samples = round(self.window / course.step)
        parts = []
        level = 0
        for stage in course.stages:
            left = round(stage.minutes * MINUTE / course.step)
            if stage.value is None:
                parts.append(f"_x{left}")
                continue
            period = int(samples / stage.value) if stage.value else left
            while left:
                run = min(period, left)
                level += 1
                parts.append(f"{level}+0x{run - 1}")
                left -= run
        return {series(self.of): " ".join(parts)}


@dataclass(frozen=True, slots=True)
class Level:
    """A gauge as it is, the greatest (or the least, or the sum) of those that are alike."""

    of: Selector
    labels: tuple[str, ...] = ("job",)
    operation: str = "max"

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"{self.operation} {_by(self.labels)} ({self.of})"

    def example(self, course: Course) -> dict[str, str]:
        """Show it."""
        return {series(self.of): course.gauge(lambda value: value)}


@dataclass(frozen=True, slots=True)
class Part:
    """What share of something is used: a gauge by another one, its limit."""

    used: Selector
    limit: Selector
    labels: tuple[str, ...] = ("job", "instance")

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        used, limit = (f"sum {_by(self.labels)} ({x})" for x in (self.used, self.limit))
        return f"{used} / ({limit} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Use so much of a hundred."""
        return {
            series(self.used): course.gauge(lambda share: share * 100),
            series(self.limit): course.gauge(lambda _: 100.0),
        }


@dataclass(frozen=True, slots=True)
class Taken:
    """What share of something is taken, when it is told how much is free."""

    free: Selector
    size: Selector
    labels: tuple[str, ...] = ("job", "instance")

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        free, size = (f"max {_by(self.labels)} ({x})" for x in (self.free, self.size))
        return f"1 - {free} / ({size} > 0)"

    def example(self, course: Course) -> dict[str, str]:
        """Leave so much of a hundred."""
        return {
            series(self.free): course.gauge(lambda share: (1 - share) * 100),
            series(self.size): course.gauge(lambda _: 100.0),
        }


@dataclass(frozen=True, slots=True)
class Busy:
    """What share of its time something is not idle."""

    idle: Selector
    window: timedelta
    labels: tuple[str, ...] = ("job", "instance")

    def expression(self) -> str:
        """Write it as PromQL."""
        return f"1 - avg {_by(self.labels)} (rate({self.idle.over(self.window)}))"

    def example(self, course: Course) -> dict[str, str]:
        """Be idle for the rest of each minute."""
        seconds = MINUTE.total_seconds()
        return {series(self.idle): course.counter(lambda share: (1 - share) * seconds)}


@dataclass(frozen=True, slots=True)
class Alive:
    """How many targets of a job answer: 0, and not nothing, when it has none at all."""

    up: Selector
    job: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep the job."""
        return ("job",)

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        none = f'label_replace(vector(0), "job", "{self.job}", "", "")'
        return f"sum by (job) ({self.up}) or {none}"

    def example(self, course: Course) -> dict[str, str]:
        """Let so many answer."""
        return {series(self.up): course.gauge(lambda value: value)}


@dataclass(frozen=True, slots=True)
class Missing:
    """1 for each of some series that is not there."""

    of: tuple[Selector, ...]

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what the selectors name."""
        return ("job",)

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

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
class Elapsed:
    """How long ago, or (`ahead`) how soon, a moment is that a gauge tells."""

    moment: Selector
    unit: timedelta
    labels: tuple[str, ...] = ("job", "instance")
    ahead: bool = False

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        seconds = f"{self.unit.total_seconds():g}"
        if self.ahead:
            return f"(min {_by(self.labels)} ({self.moment}) - time()) / {seconds}"
        return f"(time() - max {_by(self.labels)} ({self.moment})) / {seconds}"

    def example(self, course: Course) -> dict[str, str]:
        """Move with time, always so far away."""
        seconds = self.unit.total_seconds() * (1 if self.ahead else -1)
        return {series(self.moment): course.gauge(lambda value: value * seconds, drift=1.0)}


@dataclass(frozen=True, slots=True)
class Average:
    """The mean of a recorded signal over days, times a factor."""

    record: str
    of: Aggregation
    window: timedelta
    factor: Fraction = Fraction(1)

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep what was recorded."""
        return self.of.labels

    def expression(self) -> str:
        """Write it as PromQL."""
        mean = f"avg_over_time({self.record}[{duration(self.window)}])"
        return mean if self.factor == 1 else f"{mean} * {decimal(self.factor)}"

    def example(self, course: Course) -> dict[str, str]:
        """Let what is recorded have it."""
        return self.of.example(course.scaled(float(1 / self.factor)))


@dataclass(frozen=True, slots=True)
class Spent:
    """What the running targets of some jobs cost, each job at its price; by job or in all."""

    up: Selector
    prices: Mapping[str, Fraction]
    level: str

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep the job, when it is told by job."""
        return ("job",) if self.level == "job" else ()

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

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
class Always:
    """1, whatever there is."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Keep nothing."""
        return ()

    @property
    def window(self) -> timedelta:
        """Look at now."""
        return NOTHING

    def expression(self) -> str:
        """Write it as PromQL."""
        return "vector(1)"

    def example(self, course: Course) -> dict[str, str]:
        """Need nothing."""
        del course
        return {}


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
