"""Planned arrivals: how many, when, and who starts them."""

from __future__ import annotations

import heapq
import math
import time
import tracemalloc
from collections import Counter
from fractions import Fraction
from itertools import islice, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadtests.arrivals.schedule import (
    MAXIMUM_ARRIVALS,
    Schedule,
    Step,
    constant,
    ramp,
    spike,
    stairs,
)
from loadtests.errors import MisuseError

RATES = st.one_of(
    st.just(0.0), st.floats(1e-3, 200), st.integers(0, 2000).map(lambda tenths: tenths / 10)
)
LENGTHS = st.one_of(st.floats(0.001, 5), st.integers(1, 50).map(lambda tenths: tenths / 10))
PARTS = st.lists(st.tuples(RATES, LENGTHS, st.none() | RATES), min_size=1, max_size=5)
SCHEDULES = (
    PARTS.map(
        lambda parts: tuple(Step(f"{n}", *part) for n, part in enumerate(parts)),
    )
    .filter(lambda steps: any(step.arrivals for step in steps))
    .map(Schedule)
)


def times(schedule: Schedule) -> list[float]:
    return [arrival.at for arrival in schedule.arrivals()]


def integral(schedule: Schedule, at: float) -> float:
    """Integrate the rate from the begin by the area of trapezoids, apart from the code's root."""
    area = start = 0.0
    for step in schedule.steps:
        part = min(max(at - start, 0.0), step.seconds)
        rate_there = step.rate + (step.last_rate - step.rate) * part / step.seconds
        area += (step.rate + rate_there) / 2 * part
        start += step.seconds
    return area


@pytest.mark.parametrize(
    ("schedule", "planned"),
    [
        (constant(100, 10), {"constant": 1000}),
        (constant(0.1, 30), {"constant": 3}),  # three tenths of floats are a little over
        (constant(10, 0.1), {"constant": 1}),  # the float 0.1 is a little over a tenth
        (ramp(0, 100, 60), {"ramp": 3000}),
        (ramp(50, 0, 4), {"ramp": 100}),
        (stairs([10, 20, 0, 40], 5), {"step 1": 50, "step 2": 100, "step 3": 0, "step 4": 200}),
        (spike(10, 500, 3, 0.5), {"before": 30, "spike": 250, "after": 30}),
    ],
)
def test_the_planned_count_is_exact(schedule: Schedule, planned: dict[str, int]) -> None:
    assert schedule.planned() == planned
    assert Counter(arrival.step for arrival in schedule.arrivals()) == Counter(planned)


def test_a_constant_rate_starts_at_once_and_keeps_its_distance() -> None:
    assert times(constant(4, 1)) == [0.0, 0.25, 0.5, 0.75]


def test_a_rise_from_zero_follows_the_root() -> None:
    assert times(ramp(0, 8, 4)) == pytest.approx([math.sqrt(k) for k in range(16)])


def test_a_fall_mirrors_a_rise() -> None:
    fall = times(ramp(8, 0, 4))
    assert fall == pytest.approx([4 - math.sqrt(16 - k) for k in range(16)])


def test_rounding_at_the_foot_of_a_fall_is_no_root_of_a_negative_number() -> None:
    fall = Step("fall", 47.3, 4.6, 0)
    assert fall.seconds_until(math.nextafter(108.79, 0)) == pytest.approx(4.6)


def test_rounding_does_not_carry_an_arrival_past_the_end_of_its_step() -> None:
    # Floats add 8.8 and 3.8 to a little more than 12.6.
    schedule = Schedule((Step("almost nothing", 1e-15, 8.8), Step("load", 90, 3.8)))
    assert times(schedule)[-1] == 12.6 == schedule.seconds


def test_a_pause_sends_nothing() -> None:
    schedule = Schedule((Step("on", 10, 1), Step("pause", 0, 5), Step("again", 10, 1)))
    assert schedule.planned() == {"on": 10, "pause": 0, "again": 10}
    assert not [at for at in times(schedule) if 1 <= at < 6]


def test_parts_of_an_arrival_carry_over_to_the_next_step() -> None:
    schedule = Schedule((Step("a", 1, 0.5), Step("b", 1, 0.5), Step("c", 1, 1)))
    assert schedule.planned() == {"a": 1, "b": 0, "c": 1}
    assert times(schedule) == [0.0, 1.0]


@given(SCHEDULES)
def test_what_is_sent_is_what_was_planned(schedule: Schedule) -> None:
    sent = list(schedule.arrivals())
    assert Counter(arrival.step for arrival in sent) == Counter(schedule.planned())
    assert len(sent) == math.ceil(schedule.expected)


@given(SCHEDULES)
@example(ramp(100, 0, 3))
@example(ramp(0, 1e-3, 5))
def test_the_rate_integrated_to_an_arrival_is_its_number(schedule: Schedule) -> None:
    for number, at in enumerate(times(schedule)):
        assert integral(schedule, at) == pytest.approx(number, rel=1e-9, abs=1e-6)


@given(SCHEDULES, st.none() | st.integers(0, 2**64))
def test_arrivals_are_in_order_and_within_their_step(schedule: Schedule, seed: int | None) -> None:
    schedule = Schedule(schedule.steps, seed)
    sent = list(schedule.arrivals())
    assert all(earlier.at <= later.at for earlier, later in pairwise(sent))
    start = Fraction()
    for step in schedule.steps:
        end = start + Fraction(str(step.seconds))
        own = [arrival.at for arrival in sent if arrival.step == step.name]
        assert all(float(start) <= at <= float(end) for at in own)
        start = end


@given(SCHEDULES, st.none() | st.integers(0, 2**64), st.integers(1, 9))
def test_the_workers_split_the_plan(schedule: Schedule, seed: int | None, workers: int) -> None:
    schedule = Schedule(schedule.steps, seed)
    whole = list(schedule.arrivals())
    shares = [list(schedule.arrivals(worker, workers)) for worker in range(workers)]
    assert list(heapq.merge(*shares, key=lambda arrival: arrival.at)) == whole
    assert sum((Counter(share) for share in shares), Counter()) == Counter(whole)
    sizes = [len(share) for share in shares]
    assert max(sizes) - min(sizes) <= 1


def test_a_seed_gives_the_same_arrivals_and_another_seed_others() -> None:
    shape = constant(50, 20)
    assert times(shape.poisson(7)) == times(shape.poisson(7))
    assert not set(times(shape.poisson(7))) & set(times(shape.poisson(8)))
    # The same on every machine and Python: workers may differ in both.
    assert times(shape.poisson(7))[:3] == pytest.approx([0.0078263, 0.0110967, 0.0321466], abs=1e-7)


def test_a_poisson_process_counts_what_it_will_draw() -> None:
    schedule = stairs([10, 0, 40], 5).poisson(3)
    planned = schedule.planned()
    assert list(planned) == ["step 1", "step 2", "step 3"]
    assert planned["step 2"] == 0
    assert Counter(arrival.step for arrival in schedule.arrivals()) == Counter(planned)


def test_a_boundary_between_steps_does_not_disturb_a_poisson_process() -> None:
    parts = Schedule((Step("a", 30, 4), Step("b", 30, 6)), seed=4)
    assert times(parts) == pytest.approx(times(constant(30, 10).poisson(4)))


def test_poisson_counts_have_the_mean_and_the_variance_of_the_rate() -> None:
    counts = Counter(int(at) for at in times(constant(100, 2000).poisson(1)))
    seconds = [counts[second] for second in range(2000)]
    mean = sum(seconds) / 2000
    variance = sum((count - mean) ** 2 for count in seconds) / 1999
    assert mean == pytest.approx(100, abs=4 * math.sqrt(100 / 2000))
    assert variance / mean == pytest.approx(1, abs=4 * math.sqrt(2 / 2000))


def test_poisson_gaps_are_exponential_and_independent() -> None:
    at = times(constant(1, 20_000).poisson(2))
    gaps = [later - earlier for earlier, later in pairwise(at)]
    n = len(gaps)
    # Kolmogorov-Smirnov distance; 1.63 / sqrt(n) is exceeded once in a hundred.
    distance = max(abs((k + 1) / n - (1 - math.exp(-g))) for k, g in enumerate(sorted(gaps)))
    assert distance < 1.63 / math.sqrt(n)
    mean = sum(gaps) / n
    together = sum((a - mean) * (b - mean) for a, b in pairwise(gaps))
    correlation = together / sum((gap - mean) ** 2 for gap in gaps)
    assert abs(correlation) < 4 / math.sqrt(n)


def test_a_poisson_ramp_has_three_quarters_in_its_second_half() -> None:
    at = times(ramp(0, 200, 200).poisson(5))
    share = sum(moment >= 100 for moment in at) / len(at)
    assert share == pytest.approx(0.75, abs=4 * math.sqrt(0.75 * 0.25 / len(at)))


@pytest.mark.parametrize("seed", [None, 1])
def test_a_long_plan_takes_no_memory_and_starts_at_once(seed: int | None) -> None:
    schedule = Schedule((Step("day", MAXIMUM_ARRIVALS / 86_400, 86_400),), seed)
    tracemalloc.start()
    begun = time.process_time()
    taken = sum(1 for _ in islice(schedule.arrivals(), 20_000))
    assert time.process_time() - begun < 5
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken == 20_000
    assert peak < 100_000


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ((), "the schedule has no steps"),
        ((("", 1, 1),), "a step of a schedule has no name"),
        ((("a", -1, 1),), "step 'a' has a rate of -1/s, not between 0/s and 1000000/s"),
        ((("a", math.nan, 1),), "step 'a' has a rate of nan/s"),
        ((("a", 1_000_001, 1),), "step 'a' has a rate of 1e\\+06/s"),
        ((("a", 1, 1, -2),), "step 'a' has a rate of -2/s"),
        ((("a", 1, 0),), "step 'a' lasts 0 s, not between 0.001 s and 86400 s"),
        ((("a", 1, math.inf),), "step 'a' lasts inf s"),
        ((("a", 1, 86_400), ("b", 1, 60)), "the schedule lasts 86460 s, over 86400 s"),
        ((("a", 1, 1), ("a", 2, 1)), "the schedule has 2 steps named 'a'"),
        ((("a", 0, 1),), "the schedule plans no arrival"),
        ((("a", 1_000_000, 101),), "the schedule plans 101000000 arrivals, over 100000000"),
    ],
)
def test_bad_steps_are_misuse(steps: tuple[tuple[str, float, float]], sentence: str) -> None:
    with pytest.raises(MisuseError, match=sentence):
        Schedule(tuple(Step(*step) for step in steps))


@pytest.mark.parametrize(("worker", "workers"), [(2, 2), (-1, 2), (0, 0)])
def test_a_worker_that_does_not_exist_is_misuse(worker: int, workers: int) -> None:
    with pytest.raises(MisuseError, match=f"worker {worker} is not one of {workers}"):
        constant(1, 1).arrivals(worker, workers)


def test_a_negative_seed_is_misuse() -> None:
    with pytest.raises(MisuseError, match="the seed of a schedule is -1, not 0 or more"):
        constant(1, 1).poisson(-1)
