from __future__ import annotations

from fractions import Fraction
from io import StringIO

import pytest
from rich.console import Console

from slo.objectives import DECK_LATENCY, SWIPE_AVAILABILITY
from slo.report import SloResult, Verdict
from slo.tables import PLAIN_WIDTH, count, results_table, share


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (Fraction(0), "0"), (Fraction(1234567), "1,234,567"), (Fraction(5, 2), "2.5")],
)
def test_counts_are_whole_unless_they_are_extrapolated(value: Fraction | None, text: str) -> None:
    assert count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (Fraction(0), "0.0 %"), (Fraction(1), "100.0 %"), (Fraction(5, 2), "250.0 %")],
)
def test_shares_of_the_budget_are_percentages(value: Fraction | None, text: str) -> None:
    assert share(value) == text


def test_every_result_is_one_line_that_a_log_does_not_cut() -> None:
    met = SloResult(SWIPE_AVAILABILITY, Verdict.MET, Fraction(20_000), Fraction(1), {}, "")
    unknown = SloResult(DECK_LATENCY, Verdict.NO_DATA, None, None, {}, "nothing there")
    sink = StringIO()
    Console(file=sink, width=PLAIN_WIDTH).print(results_table([met, unknown]))
    heading, first, second = (line.split() for line in sink.getvalue().splitlines())
    assert heading == [
        "SLO",
        "objective",
        "measured",
        "events",
        "bad",
        "budget",
        "burned",
        "verdict",
    ]
    assert " ".join(first) == "swipe-availability 99.95 % 99.995 % 20,000 1 10.0 % met"
    assert " ".join(second) == "deck-latency 95 % < 150 ms no data – – – no_data"
