"""Loads as a generator would have seen them, and rules to judge them by."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from loadtests.arrivals.histogram import Histogram
from loadtests.judging.evidence import Observed
from loadtests.judging.judge import judge
from loadtests.load import Answers, Load, StepLoad, WorkerLoad
from loadtests.rules.limits import Absolute, Allowance, Limit, Relative
from loadtests.rules.model import Rule
from loadtests.rules.units import quantity
from slo.prometheus import Prometheus
from slo.queries import Between

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from loadtests.judging.model import BaselineValue, Ruling
    from loadtests.rules.measures import Measure

SWIPE, DECK = "POST /api/swipes", "GET /api/deck"
BEGIN = datetime(2026, 11, 21, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Nobody listens there.
NOWHERE = "http://127.0.0.1:9"


def answers(seconds: Iterable[float], failed: int = 0, status: int = 500) -> Answers:
    made = Answers()
    for each in seconds:
        made.good.record(each)
    made.statuses = Counter({201: made.good.total, status: failed})
    return made


def step(
    operations: Mapping[str, Answers],
    name: str = "steady",
    *,
    warm_up: bool = False,
    began: datetime = BEGIN,
    lasts: timedelta = MINUTE,
) -> StepLoad:
    sent = sum(each.total for each in operations.values())
    return StepLoad(name, warm_up, sent, began, began + lasts, sent, 0, dict(operations))


def load(*steps: StepLoad) -> Load:
    lag = Histogram()
    lag.record(0.001)
    return Load(
        sessions=10,
        started=BEGIN,
        load_started=BEGIN,
        load_ended=max(each.ended for each in steps),
        steps=list(steps),
        lag=lag,
        workers=[WorkerLoad(0, sum(each.sent for each in steps), 0.3, 0.5)],
    )


@cache
def nobody() -> Prometheus:
    """Return a client that nobody answers; one is enough, as making it is slow."""
    return Prometheus(NOWHERE)


def observed(
    *loads: Load, prometheus: Prometheus | None = None, windows: tuple[Between, ...] = ()
) -> Observed:
    each = windows or tuple(Between(one.started, one.load_ended + MINUTE) for one in loads)
    return Observed(loads, each, prometheus or nobody(), timedelta(seconds=2))


def absolute(fail: str, warn: str = "") -> Absolute:
    return Absolute(quantity(fail), quantity(warn) if warn else None)


def relative(fail: tuple[str, str], warn: tuple[str, str] | None = None) -> Relative:
    return Relative(_allowance(*fail), _allowance(*warn) if warn else None)


def _allowance(tolerance: str, floor: str) -> Allowance:
    return Allowance(quantity(tolerance).value, quantity(floor))


def rule(measure: Measure, limit: Limit, *steps: str) -> Rule:
    return Rule("a-rule", "Somebody waits.", steps, measure, limit, "rules.yml", 3)


def ruling(
    given: Rule, seen: Observed, baseline: Mapping[tuple[str, str], BaselineValue] | None = None
) -> Ruling:
    (found,) = judge([given], seen, baseline or {})
    return found
