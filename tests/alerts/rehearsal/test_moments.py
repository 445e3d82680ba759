from __future__ import annotations

from fractions import Fraction

import pytest

from alerts.rehearsal.moments import Moment, begins, ends

ALL, NONE = Fraction(1), Fraction(0)


@pytest.mark.parametrize(
    ("limit", "share", "before", "window", "step", "expected"),
    [
        # 15 good minutes and 38 bad ones: 71.7 %; 39: 72.2 %. The window is not full yet.
        ("0.72", "1", 15, 60, 1, Moment(39, 39)),
        # Of 60 evaluations 44 are more than 72 %, and of 61 as well.
        ("0.72", "1", 60, 60, 1, Moment(44, 44)),
        # Of 5 evaluations every second minute 2 are more than 30 %, and of 6 as well.
        ("0.3", "1", 10, 10, 2, Moment(4, 4)),
        # Half of all fail: of 10 evaluations 7 reach more than 30 %, of 11 too.
        ("0.3", "0.5", 20, 10, 1, Moment(7, 7)),
        # Of 10 evaluations 6 are more than half, of 11 it takes 6, of 9 in the other window 5.
        ("0.5", "1", 20, 9, 1, Moment(5, 6)),
    ],
)
def test_a_window_begins_to_burn_when_enough_of_it_is_bad(
    limit: str, share: str, before: int, window: int, step: int, expected: Moment
) -> None:
    assert begins(Fraction(limit), Fraction(share), before, window, step) == expected


@pytest.mark.parametrize(
    ("limit", "after", "window", "step", "expected"),
    [
        # 2 good ones of 5 leave 60 %, and 2 of 6 leave 67 %.
        ("0.72", "0", 5, 1, Moment(2, 2)),
        # 11 of 15 good ones leave 27 %; 11 of 16 leave 31 %, so that it takes 12.
        ("0.3", "0", 30, 2, Moment(22, 24)),
        # It burns on at 27 %: 15 of 15, and all 16 of 16.
        ("0.3", "0.27", 30, 2, Moment(30, 32)),
    ],
)
def test_a_window_ends_to_burn_when_enough_of_it_is_good(
    limit: str, after: str, window: int, step: int, expected: Moment
) -> None:
    assert ends(Fraction(limit), ALL, Fraction(after), window, step) == expected


def test_a_window_shorter_than_a_step_holds_one_evaluation_or_two() -> None:
    assert begins(Fraction(1, 2), ALL, 60, 5, 10) == Moment(10, 20)
    assert ends(Fraction(1, 2), ALL, NONE, 5, 10) == Moment(10, 10)
