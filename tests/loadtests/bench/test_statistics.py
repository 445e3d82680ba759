from __future__ import annotations

import random

import pytest

from loadtests.bench.statistics import Estimate, estimate, quantile
from loadtests.errors import InvalidRun


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([3.0, 1.0, 2.0, 5.0, 4.0], Estimate(3.0, 1.0, 5.0)),
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 80.0], Estimate(4.5, 2.0, 7.0)),
        ([7.0] * 6, Estimate(7.0, 7.0, 7.0)),
    ],
)
def test_a_median_stands_between_the_values_that_bound_it(
    values: list[float], expected: Estimate
) -> None:
    assert estimate(values) == expected


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4])
def test_too_few_values_bound_nothing(count: int) -> None:
    with pytest.raises(InvalidRun, match=f"{count} rounds are too few"):
        estimate([1.0] * count)


@pytest.mark.parametrize("count", [5, 8, 16])
def test_the_interval_holds_the_true_median_as_often_as_it_says(count: int) -> None:
    dice = random.Random(count)  # noqa: S311  # no secret
    times = 4000
    found = [estimate([dice.expovariate(1) for _ in range(count)]) for _ in range(times)]
    true = 0.6931
    assert sum(e.low <= true <= e.high for e in found) / times > 0.89


def test_more_rounds_narrow_the_interval() -> None:
    few, many = (estimate([float(n % 5) for n in range(count)]) for count in (5, 60))
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize(("share", "expected"), [(0.5, 51), (0.95, 96), (0.99, 100), (1.0, 100)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert quantile([float(n) for n in range(100, 0, -1)], share) == expected
