"""How often a judged run is wrong, over simulated runs; seeds make every figure come again."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from functools import cache
from math import exp, log
from statistics import NormalDist
from typing import TYPE_CHECKING

import pytest

from loadtests.arrivals.histogram import Histogram
from loadtests.judging.model import BaselineValue, Status
from loadtests.load import Answers
from loadtests.rules.measures import Errors, Quantile, Under
from loadtests.rules.units import quantity
from tests.loadtests.judging.loads import (
    SWIPE,
    absolute,
    load,
    observed,
    relative,
    rule,
    ruling,
    step,
)

if TYPE_CHECKING:
    from loadtests.judging.model import Ruling
    from loadtests.rules.limits import Limit
    from loadtests.rules.measures import Measure

RUNS = 100
# A minute at 50/s; of errors, which are rarer, ten minutes at 100/s.
REQUESTS, LONG = 3000, 60_000
POOL = 20_000
MEDIAN, SPREAD = 0.05, 0.5
P95 = MEDIAN * exp(SPREAD * NormalDist().inv_cdf(0.95))
ERRORS = 0.01


@cache
def pool(shift: float) -> list[int]:
    """Return the buckets of the scattered latencies that services have, one for each of many."""
    middles = ((n + 0.5) / POOL for n in range(POOL))
    return [
        bucket(shift * MEDIAN * exp(SPREAD * NormalDist().inv_cdf(middle))) for middle in middles
    ]


def bucket(seconds: float) -> int:
    one = Histogram()
    one.record(seconds)
    return one.message()["counts"][0][0]


def histogram(counts: Counter[int]) -> Histogram:
    message = {"counts": [list(pair) for pair in sorted(counts.items())], "overflow": 0}
    return Histogram.from_message(message)


def sent(dice: random.Random, shift: float = 1.0, requests: int = REQUESTS) -> Answers:
    """Answer all requests well, each with a latency of its own."""
    drawn = Counter(dice.choices(pool(shift), k=requests))
    return Answers(Counter({201: requests}), histogram(drawn))


def failing(dice: random.Random, shift: float) -> Answers:
    """Answer so many that each fails by a chance of its own."""
    chance, failed, position = shift * ERRORS, -1, 0
    while position <= LONG:
        failed += 1
        position += 1 + int(log(1 - dice.random()) / log(1 - chance))
    good = histogram(Counter({bucket(MEDIAN): LONG - failed}))
    return Answers(Counter({201: LONG - failed, 500: failed}), good)


def judged(
    seen: Answers, measure: Measure, limit: Limit, base: BaselineValue | None = None
) -> Ruling:
    known = {} if base is None else {("a-rule", "run"): base}
    return ruling(rule(measure, limit), observed(load(step({SWIPE: seen}))), known)


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.4f} ms"


QUANTILE = Quantile(SWIPE, Fraction("0.95"))
UNDER = Under(SWIPE, quantity(milliseconds(P95)))
# The true value lies a hair inside each limit.
EDGES: dict[str, tuple[Measure, Limit]] = {
    "quantile": (QUANTILE, absolute(milliseconds(P95 * 1.0005))),
    "fraction": (UNDER, absolute("94.99 %")),
    "errors": (Errors(SWIPE), absolute("1.001 %")),
    "room to spare": (QUANTILE, absolute(milliseconds(P95 * 1.15))),
}


@cache
def simulated(shift: float) -> dict[str, Counter[Status]]:
    """Judge a hundred runs of a service that is so many times as slow, and fails as often."""
    dice = random.Random(f"runs {shift}")  # noqa: S311  # no secret
    found: dict[str, Counter[Status]] = {kind: Counter() for kind in EDGES}
    for _ in range(RUNS):
        slow, bad = sent(dice, shift), failing(dice, shift)
        for kind, edge in EDGES.items():
            found[kind][judged(bad if kind == "errors" else slow, *edge).status] += 1
    return found


@pytest.mark.parametrize("kind", ["quantile", "fraction", "errors"])
def test_a_service_just_inside_its_limit_fails_at_most_one_run_in_twenty(kind: str) -> None:
    found = simulated(1.0)[kind]
    assert found[Status.FAILED] <= 5
    # So near the limit nothing is sure, and it is not called a pass either.
    assert found[Status.UNDECIDED] >= 90


@pytest.mark.parametrize("kind", ["quantile", "fraction", "errors"])
def test_a_fifth_past_the_limit_is_found(kind: str) -> None:
    assert simulated(1.2)[kind][Status.FAILED] >= 90


def test_a_service_with_room_to_spare_passes() -> None:
    assert simulated(1.0)["room to spare"][Status.PASSED] >= 95


ALLOWED = relative(("10 %", "5 ms"))


def baseline(found: Ruling) -> BaselineValue:
    assert found.low is not None
    assert found.measured is not None
    assert found.high is not None
    return BaselineValue(found.low, found.measured, found.high)


@cache
def against_baselines() -> dict[float, Counter[Status]]:
    """Judge runs against a baseline that was as noisy itself, each time a new one."""
    dice = random.Random("baselines")  # noqa: S311  # no secret
    found: dict[float, Counter[Status]] = {1.0: Counter(), 1.2: Counter()}
    for _ in range(RUNS):
        base = baseline(judged(sent(dice, requests=2 * REQUESTS), QUANTILE, absolute("1 s")))
        for shift, counted in found.items():
            seen = sent(dice, shift, 2 * REQUESTS)
            counted[judged(seen, QUANTILE, ALLOWED, base).status] += 1
    return found


def test_the_same_service_again_is_no_worse_than_its_baseline() -> None:
    found = against_baselines()[1.0]
    assert found[Status.FAILED] <= 5
    assert found[Status.PASSED] >= 90


def test_a_fifth_more_than_the_baseline_is_found() -> None:
    assert against_baselines()[1.2][Status.FAILED] >= 90


def test_ten_drifts_of_a_twentieth_are_found_against_the_pinned_reference() -> None:
    dice = random.Random(10)  # noqa: S311  # no secret
    seen = [sent(dice, 1.05**n, 2 * REQUESTS) for n in range(11)]
    bases = [baseline(judged(each, QUANTILE, absolute("1 s"))) for each in seen]
    step_by_step = {judged(seen[n + 1], QUANTILE, ALLOWED, bases[n]).status for n in range(10)}
    assert Status.FAILED not in step_by_step
    assert judged(seen[10], QUANTILE, ALLOWED, bases[0]).status is Status.FAILED
