from __future__ import annotations

from collections import Counter

import pytest

from app.seed.draw import Draw


def test_a_seed_gives_the_same_numbers_on_every_python() -> None:
    draw = Draw(7)
    assert [draw.below(1000) for _ in range(6)] == [323, 150, 650, 72, 535, 365]


def test_drawing_stays_inside_its_limits() -> None:
    draw = Draw(7)
    assert {draw.below(3) for _ in range(200)} == {0, 1, 2}
    assert {draw.weighted("ab", (1, 3)) for _ in range(200)} == {"a", "b"}
    assert all(-2 <= draw.within(2) <= 2 for _ in range(200))
    assert all(0 <= draw.skewed(3) < 1 for _ in range(200))


def test_heavier_options_are_drawn_in_proportion() -> None:
    draw = Draw(7)
    drawn = Counter(draw.weighted("ab", (1, 4)) for _ in range(4000))
    assert drawn["b"] / 4000 == pytest.approx(0.75, abs=0.03)
