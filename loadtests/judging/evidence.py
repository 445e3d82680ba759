"""What there is to judge by: loads as they were sent, and what was seen of one rule."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from loadtests.load import Load, StepLoad
    from slo.prometheus import Prometheus
    from slo.queries import Between


@dataclass(frozen=True, slots=True)
class Sent:
    """Loads of one plan, by their steps; a second load extends the first."""

    loads: tuple[Load, ...]

    def steps(self, name: str) -> list[StepLoad]:
        """Return one step of the schedule, once for each load."""
        return [step for load in self.loads for step in load.steps if step.name == name]

    @property
    def judged(self) -> list[StepLoad]:
        """Return all steps of all loads but warm-ups."""
        return [step for step in self.all if not step.warm_up]

    @property
    def all(self) -> list[StepLoad]:
        """Return all steps of all loads."""
        return [step for load in self.loads for step in load.steps]


@dataclass(frozen=True, slots=True)
class Observed(Sent):
    """Loads, the window in which each was served, and the Prometheus that saw it.

    All are judged together. A window begins before its load and ends with a scrape after it.
    """

    windows: tuple[Between, ...]
    prometheus: Prometheus
    scrape_interval: timedelta


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of a rule, in its unit, and the interval around it; or why nothing is known.

    Infinite is what never came, and a side that too few samples bound. `low` and `high` are None
    where nothing says how far a number can be trusted: it is judged as it is. `samples` are None
    where nothing was counted. `note` is what a reader must know of the number.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    samples: float | None = None
    query: str = ""
    started: datetime | None = None
    ended: datetime | None = None
    missing: str = ""
    note: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the interval, or twice the value where there is none; NaN without both."""
        value = float("nan") if self.value is None else self.value
        return (
            value if self.low is None else self.low,
            value if self.high is None else self.high,
        )


def span(steps: Sequence[StepLoad]) -> tuple[datetime | None, datetime | None]:
    """Return when the first of these began and the last ended."""
    if not steps:
        return None, None
    return min(step.started for step in steps), max(step.ended for step in steps)


def known(number: float | None) -> float | None:
    """Return a number that can be written down: what never came, or is not bounded, is none."""
    return number if number is not None and isfinite(number) else None
