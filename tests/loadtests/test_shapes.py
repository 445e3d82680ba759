"""Shapes of load: every one plans something, and its steps can be told apart."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.arrivals.schedule import Schedule, Step
from loadtests.errors import MisuseError
from loadtests.shapes import SHAPES, Shape

every_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=list(SHAPES))
rates = st.floats(0.1, 1_000)
lengths = st.floats(1, 10_000)


def step(shape: str, name: str) -> Step:
    return next(step for step in SHAPES[shape].plan().steps if step.name == name)


def test_the_shapes_are_those_that_people_ask_for() -> None:
    assert list(SHAPES) == ["smoke", "load", "stress", "spike", "soak", "breakpoint"]
    assert all(name == shape.name and shape.description for name, shape in SHAPES.items())


@every_shape
@settings(max_examples=25)
@given(rates, lengths)
def test_every_shape_plans_arrivals_in_steps_of_different_names(
    shape: Shape, rate: float, seconds: float
) -> None:
    schedule = shape.plan(rate, seconds)
    names = [step.name for step in schedule.steps]
    assert sum(schedule.planned().values()) > 0
    assert Counter(names).most_common(1)[0][1] == 1
    assert schedule.seconds == pytest.approx(seconds)
    assert all(step.warm_up == (step.name == "warm-up") for step in schedule.steps)
    assert not schedule.steps[-1].warm_up


@every_shape
def test_the_rate_and_the_time_that_are_not_given_are_the_shapes_own(shape: Shape) -> None:
    assert shape.plan() == shape.plan(shape.rate, shape.seconds)
    assert shape.plan(rate=7).seconds == pytest.approx(shape.seconds)
    assert shape.plan(rate=7) != shape.plan()


@every_shape
def test_the_same_seed_plans_the_same_random_arrivals(shape: Shape) -> None:
    schedule = shape.plan(5, 20)
    assert list(schedule.poisson(3).arrivals()) == list(schedule.poisson(3).arrivals())
    assert list(schedule.poisson(3).arrivals()) != list(schedule.poisson(4).arrivals())


@every_shape
def test_every_judged_step_has_enough_arrivals_for_a_p95(shape: Shape) -> None:
    schedule = shape.plan()
    planned = schedule.planned()
    assert all(planned[step.name] >= 200 for step in schedule.steps if not step.warm_up)


@every_shape
def test_only_a_smoke_test_begins_cold(shape: Shape) -> None:
    first = shape.plan().steps[0]
    assert first.warm_up == (shape.name != "smoke")
    assert first.seconds <= 60


def test_the_warm_up_ends_at_the_rate_that_follows() -> None:
    for shape in SHAPES.values():
        steps = shape.plan().steps
        if steps[0].warm_up:
            assert steps[0].last_rate == steps[1].rate > steps[0].rate


def test_a_spike_is_ten_times_the_rate_around_it() -> None:
    assert step("spike", "spike").rate == 10 * step("spike", "before").rate
    assert step("spike", "before").rate == step("spike", "after").rate


def test_stress_goes_over_the_rate_and_comes_back() -> None:
    assert [s.rate for s in SHAPES["stress"].plan(100).steps[1:]] == [100, 150, 200, 100]


def test_the_quarters_of_a_soak_are_alike() -> None:
    quarters = SHAPES["soak"].plan().steps[1:]
    assert len({(quarter.rate, quarter.seconds) for quarter in quarters}) == 1
    assert len(quarters) == 4


def test_a_breakpoint_climbs_from_half_the_rate_to_three_times_named_by_rate() -> None:
    stairs = SHAPES["breakpoint"].plan(200).steps[1:]
    assert [stair.name for stair in stairs[:3]] == ["100/s", "150/s", "200/s"]
    assert stairs[-1].rate == 600
    assert all(below.rate < above.rate for below, above in pairwise(stairs))
    assert all(stair.name == f"{stair.rate:g}/s" for stair in stairs)


@every_shape
@pytest.mark.parametrize(
    ("rate", "seconds"), [(0, 60), (-1, 60), (float("nan"), 60), (1e7, 60), (10, 0), (10, 1e6)]
)
def test_what_cannot_be_planned_is_misuse(shape: Shape, rate: float, seconds: float) -> None:
    with pytest.raises(MisuseError):
        shape.plan(rate, seconds)


def test_a_shape_can_be_made_of_steps_of_ones_own() -> None:
    shape = Shape("own", "two steps", 1, 2, lambda rate, seconds: (Step("all", rate, seconds),))
    assert shape.plan() == Schedule((Step("all", 1, 2),))
