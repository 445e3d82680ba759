from __future__ import annotations

import random
from collections import Counter
from math import comb, exp, log, log1p

import pytest

from slo.statistics.intervals import minimum_samples, quantile_interval, ratio_interval

DRAWS = 2000


def chance(successes: int, trials: int, share: float) -> float:
    """From whole numbers, unlike what is tested."""
    failures = trials - successes
    return exp(log(comb(trials, successes)) + successes * log(share) + failures * log1p(-share))


@pytest.mark.parametrize(
    ("total", "ratio"), [(200, 0.5), (500, 0.1), (1000, 0.02), (2000, 0.01), (20_000, 0.001)]
)
def test_the_interval_of_a_ratio_holds_it_as_often_as_it_says(total: int, ratio: float) -> None:
    counts = range(201)
    dice = random.Random(total)  # noqa: S311  # no secret
    draws = dice.choices(counts, [chance(bad, total, ratio) for bad in counts], k=DRAWS)
    found = [ratio_interval(bad, total) for bad in draws]
    assert 0.93 <= sum(i.low <= ratio <= i.high for i in found) / DRAWS <= 0.97


@pytest.mark.parametrize(("count", "share"), [(100, 0.5), (200, 0.9), (400, 0.95), (1500, 0.99)])
def test_the_interval_of_a_quantile_holds_it_as_often_as_it_says(count: int, share: float) -> None:
    dice = random.Random(count)  # noqa: S311  # no secret
    true = -log(1 - share)
    held = 0
    for _ in range(DRAWS):
        drawn = sorted(dice.expovariate(1) for _ in range(count))
        found = quantile_interval([(value, 1) for value in drawn], share)
        held += found.low <= true <= found.high
    assert 0.93 <= held / DRAWS <= 0.97


def test_values_that_repeat_are_covered_at_least_as_often() -> None:
    dice = random.Random(7)  # noqa: S311  # no secret
    faces = range(1, 21)
    held = 0
    for _ in range(DRAWS):
        found = quantile_interval(sorted(Counter(dice.choices(faces, k=200)).items()), 0.88)
        # 17 of 20 faces are 85 %, so the quantile is the next.
        held += found.low <= 18 <= found.high
    assert held / DRAWS >= 0.95


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("times", [1, 3])
def test_each_side_of_a_quantile_is_wrong_at_most_once_in_forty_and_none_could_be_closer(
    share: float, times: int
) -> None:
    total = minimum_samples(share) * times
    found = quantile_interval([(float(n), 1) for n in range(1, total + 1)], share)
    low, high = int(found.low), int(found.high)
    below = [chance(k, total, share) for k in range(low + 1)]
    above = [chance(k, total, share) for k in range(high - 1, total + 1)]
    assert sum(below[:-1]) <= 0.025 < sum(below)
    assert sum(above[1:]) <= 0.025 < sum(above)
