from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from slo.compliance import Day
from slo.report_output import sparkline


@pytest.mark.parametrize(
    ("spent", "drawn"),
    [
        ([0, 0, 0], "▁▁▁"),
        ([0, "1/2", 1], "▁▅█"),
        ([3, None, "3/7"], "█·▂"),
        ([None, None], "··"),
        ([], ""),
    ],
)
def test_a_day_is_a_letter_and_an_unknown_one_is_no_low_one(
    spent: list[int | str | None], drawn: str
) -> None:
    days = tuple(
        Day(
            date(2026, 1, 1) + timedelta(days=number),
            None,
            None,
            None if share is None else Fraction(share),
        )
        for number, share in enumerate(spent)
    )
    assert sparkline(days) == drawn
