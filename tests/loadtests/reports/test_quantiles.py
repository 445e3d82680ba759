"""Quantiles by nearest rank."""

from __future__ import annotations

from math import inf

import pytest

from loadtests.reports.quantiles import quantiles


@pytest.mark.parametrize(
    ("pairs", "shown"),
    [
        ([(0.1, 1)], (0.1, 0.1, 0.1, 0.1, 0.1)),
        ([(0.1, 1), (0.2, 1), (0.3, 1)], (0.2, 0.3, 0.3, 0.3, 0.3)),
        ([(0.1, 95), (0.2, 4), (0.3, 1)], (0.1, 0.1, 0.2, 0.3, 0.3)),
        ([(0.1, 998), (0.2, 1), (inf, 1)], (0.1, 0.1, 0.1, 0.2, inf)),
        ([(inf, 3)], (inf, inf, inf, inf, inf)),
        ([], (None, None, None, None, None)),
    ],
)
def test_each_is_the_value_at_its_rank(
    pairs: list[tuple[float, int]], shown: tuple[float | None, ...]
) -> None:
    assert quantiles(pairs) == dict(zip(("p50", "p95", "p99", "p99.9", "max"), shown, strict=True))
