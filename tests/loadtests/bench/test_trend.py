"""Lines through costs by size."""

from __future__ import annotations

from statistics import StatisticsError

import pytest

from loadtests.bench.trend import Trend


def test_a_cost_that_grows_by_three_percent_of_its_begin_a_tenfold_is_said_to() -> None:
    points = [(10_000, [100.0, 99.0, 101.0]), (100_000, [103.0]), (1_000_000, [106.0])]
    trend = Trend("CPU of a swipe", "µs", "swipes in the table", points)
    assert trend.sentence == "CPU of a swipe: +3.0% by a tenfold of swipes in the table"


def test_a_cost_in_proportion_is_told_by_the_thousand() -> None:
    points = [(100, [1.5]), (1100, [6.5])]
    trend = Trend("A scrape", "ms", "series", points, tenfolds=False)
    assert trend.sentence == "A scrape: +5 ms by a thousand series"


def test_one_size_has_no_slope() -> None:
    with pytest.raises(StatisticsError):
        Trend("CPU", "µs", "rows", [(10, [1.0])]).fit()
