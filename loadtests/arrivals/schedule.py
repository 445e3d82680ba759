"""When every request of an open load is to start: a plan made before the first one is sent.

An arrival happens whenever the integral of the rate has grown by one (evenly spaced), or by a
random amount of mean one (Poisson).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from loadtests.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Above this rate neighbours are closer than the microsecond that is measured.
MAXIMUM_RATE = 1_000_000
MINIMUM_SECONDS = 0.001
MAXIMUM_SECONDS = 24 * 60 * 60
MAXIMUM_ARRIVALS = 100_000_000


class Arrival(NamedTuple):
    """One request to start, in seconds from the begin of the schedule, and its step's name."""

    at: float
    step: str


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a schedule: a rate per second for some seconds, or a straight line to `end_rate`.

    A warm-up is sent like all else, but no latency is judged by it. Raises MisuseError when a rate
    or the duration is out of its range.
    """

    name: str
    rate: float
    seconds: float
    end_rate: float | None = None
    warm_up: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be planned; NaN is in no range."""
        if not self.name:
            raise MisuseError("a step of a schedule has no name")
        if not MINIMUM_SECONDS <= self.seconds <= MAXIMUM_SECONDS:
            raise MisuseError(
                f"step {self.name!r} lasts {self.seconds:g} s, "
                f"not between {MINIMUM_SECONDS:g} s and {MAXIMUM_SECONDS} s"
            )
        for rate in (self.rate, self.last_rate):
            if not 0 <= rate <= MAXIMUM_RATE:
                raise MisuseError(
                    f"step {self.name!r} has a rate of {rate:g}/s, "
                    f"not between 0/s and {MAXIMUM_RATE}/s"
                )

    @property
    def last_rate(self) -> float:
        """Return the rate per second at the step's end."""
        return self.rate if self.end_rate is None else self.end_rate

    @property
    def arrivals(self) -> Fraction:
        """Return the integral of the rate, which need not be a whole number."""
        return (_exact(self.rate) + _exact(self.last_rate)) / 2 * _exact(self.seconds)

    def rate_at(self, seconds: float) -> float:
        """Return the rate per second so many seconds after the step's start."""
        return self.rate + (self.last_rate - self.rate) * seconds / self.seconds

    def seconds_until(self, arrivals: float) -> float:
        """Return the seconds after which the integral of the rate has reached `arrivals`.

        The root of `rate t + slope t² / 2 = arrivals` in the form that loses no digits when the
        slope is small.
        """
        slope = (self.last_rate - self.rate) / self.seconds
        root = math.sqrt(max(0.0, self.rate * self.rate + 2 * slope * arrivals))
        # A rise from zero begins with an arrival at once.
        return 2 * arrivals / (self.rate + root) if self.rate + root else 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """Named steps one after the other; with a seed a Poisson process of these rates.

    Raises MisuseError for no steps, a name used twice, too long, too many or no arrivals, and a
    negative seed.
    """

    steps: tuple[Step, ...]
    seed: int | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be planned."""
        if not self.steps:
            raise MisuseError("the schedule has no steps")
        for name, times in Counter(step.name for step in self.steps).items():
            if times > 1:
                raise MisuseError(f"the schedule has {times} steps named {name!r}")
        if self.seconds > MAXIMUM_SECONDS:
            raise MisuseError(f"the schedule lasts {self.seconds:g} s, over {MAXIMUM_SECONDS} s")
        expected = self.expected
        if not expected:
            raise MisuseError("the schedule plans no arrival")
        if expected > MAXIMUM_ARRIVALS:
            raise MisuseError(
                f"the schedule plans {math.ceil(expected)} arrivals, over {MAXIMUM_ARRIVALS}"
            )
        # Python's generator takes a seed without its sign.
        if self.seed is not None and self.seed < 0:
            raise MisuseError(f"the seed of a schedule is {self.seed}, not 0 or more")

    @property
    def seconds(self) -> float:
        """Return how long the schedule lasts."""
        return float(sum(_exact(step.seconds) for step in self.steps))

    @property
    def expected(self) -> Fraction:
        """Return the integral of the rate over all steps: a Poisson process's mean count."""
        return sum((step.arrivals for step in self.steps), Fraction())

    def poisson(self, seed: int) -> Schedule:
        """Return the same rates with the arrivals drawn at random."""
        return replace(self, seed=seed)

    def rates_at(self, seconds: float) -> dict[str, float]:
        """Return every step's rate per second at a moment after the begin: 0 when it is not now."""
        return {
            part.step.name: part.step.rate_at(seconds - part.start)
            if part.start <= seconds < part.end
            else 0.0
            for part in self._parts()
        }

    def planned(self) -> dict[str, int]:
        """Count the arrivals of every step, exactly; a Poisson process is drawn once for it."""
        if self.seed is not None:
            drawn = Counter(arrival.step for arrival in self.arrivals())
            return {step.name: drawn[step.name] for step in self.steps}
        return {
            part.step.name: math.ceil(part.before + part.step.arrivals) - math.ceil(part.before)
            for part in self._parts()
        }

    def arrivals(self, worker: int = 0, workers: int = 1) -> Iterator[Arrival]:
        """Yield in order what one of several workers is to start; together they have it all.

        Every worker takes every n-th arrival of the same plan, so that each has a fair share of
        every step. Raises MisuseError unless 0 ≤ worker < workers.
        """
        if not 0 <= worker < workers:
            raise MisuseError(f"worker {worker} is not one of {workers} counted from 0")
        return self._even(worker, workers) if self.seed is None else self._random(worker, workers)

    def _even(self, worker: int, workers: int) -> Iterator[Arrival]:
        for part in self._parts():
            first = math.ceil(part.before)
            end = math.ceil(part.before + part.step.arrivals)
            ahead = float(first - part.before)
            for number in range(first + (worker - first) % workers, end, workers):
                yield part.arrival(ahead + (number - first))

    def _random(self, worker: int, workers: int) -> Iterator[Arrival]:
        source = Random(self.seed)  # noqa: S311 - arrivals are no secret
        # Of Python's generator only random() is promised to stay the same between versions.
        position = -math.log(1 - source.random())
        others = worker
        for part in self._parts():
            before, after = float(part.before), float(part.before + part.step.arrivals)
            while position < after:
                if not others:
                    yield part.arrival(position - before)
                    others = workers
                others -= 1
                position -= math.log(1 - source.random())

    def _parts(self) -> Iterator[_Part]:
        start = before = Fraction()
        for step in self.steps:
            end = start + _exact(step.seconds)
            yield _Part(step, float(start), float(end), before)
            start, before = end, before + step.arrivals


class _Part(NamedTuple):
    """A step in its place: seconds from the begin, and the integral of the rate before it."""

    step: Step
    start: float
    end: float
    before: Fraction

    def arrival(self, ahead: float) -> Arrival:
        """Return the arrival at which the integral has grown by `ahead` since the step's start."""
        at = self.start + self.step.seconds_until(ahead)
        # Rounding must not carry the last one into the next step.
        return Arrival(min(at, self.end), self.step.name)


def constant(rate: float, seconds: float) -> Schedule:
    """Plan the same rate per second throughout."""
    return Schedule((Step("constant", rate, seconds),))


def ramp(first_rate: float, last_rate: float, seconds: float) -> Schedule:
    """Plan a rate per second that rises or falls along a straight line."""
    return Schedule((Step("ramp", first_rate, seconds, last_rate),))


def stairs(rates: Sequence[float], seconds: float) -> Schedule:
    """Plan rates per second one after the other, so many seconds each, named `step 1` and on."""
    return Schedule(tuple(Step(f"step {n}", rate, seconds) for n, rate in enumerate(rates, 1)))


def spike(rate: float, peak: float, around_seconds: float, peak_seconds: float) -> Schedule:
    """Plan a sudden peak between two stretches of the ordinary rate, all rates per second."""
    return Schedule(
        (
            Step("before", rate, around_seconds),
            Step("spike", peak, peak_seconds),
            Step("after", rate, around_seconds),
        )
    )


def _exact(number: float) -> Fraction:
    """Take a number as it was written: 0.1 is a tenth."""
    return Fraction(str(number))
