"""Numbers, intervals and addresses in words."""

from __future__ import annotations

from math import inf, nan

import pytest

from loadtests.reports import words
from loadtests.rules.measures import Worse
from loadtests.rules.units import Unit
from tests.loadtests.reports.building import HOSTILE, MEASURES, PASSED, ruling

HIGHER, LOWER = Worse.HIGHER, Worse.LOWER


@pytest.mark.parametrize(
    ("value", "unit", "worse", "written"),
    [
        (0.15, Unit.SECONDS, HIGHER, "150 ms"),
        (0.1500001, Unit.SECONDS, HIGHER, "150.1 ms"),
        (1.13, Unit.SECONDS, HIGHER, "1.13 s"),
        (0.95, Unit.RATIO, LOWER, "95 %"),
        (0.94999999, Unit.RATIO, LOWER, "94.9999 %"),
        (0.0100000001, Unit.RATIO, HIGHER, "1.00001 %"),
        (500.0, Unit.PER_SECOND, LOWER, "500 /s"),
        (1234567.0, Unit.COUNT, HIGHER, "1,234,567"),
        (0.0, Unit.SECONDS, HIGHER, "0 ms"),
        (None, Unit.SECONDS, HIGHER, "–"),
        (nan, Unit.RATIO, HIGHER, "–"),
        (inf, Unit.SECONDS, HIGHER, "∞"),
    ],
)
def test_a_number_is_never_rounded_to_a_limit_that_it_broke(
    value: float | None, unit: Unit, worse: Worse, written: str
) -> None:
    assert words.amount(value, unit, worse) == written


@pytest.mark.parametrize(
    ("low", "high", "written"),
    [
        (0.1, 0.2, "100 ms … 200 ms"),
        (0.1, inf, "from 100 ms"),
        (-inf, 0.2, "up to 200 ms"),
        (-inf, inf, "unbounded"),
        (None, None, "–"),
    ],
)
def test_an_interval_says_which_of_its_sides_is_known(
    low: float | None, high: float | None, written: str
) -> None:
    assert words.interval(ruling(low=low, high=high)) == written


@pytest.mark.parametrize(
    ("kind", "at"),
    [
        ("quantile", 0.15),
        ("under", 0.95),
        ("rate", 400),
        ("promise", 0.9995),
        ("budget", 0.5),
        ("relative", None),
    ],
)
def test_the_number_at_which_a_rule_fails_is_in_its_unit(kind: str, at: float | None) -> None:
    assert words.fails_at(ruling(kind=kind)) == at


@pytest.mark.parametrize(("base", "at"), [(0.02, 0.025), (0.2, 0.22)])
def test_a_regression_fails_where_both_tolerance_and_floor_are_passed(
    base: float, at: float
) -> None:
    assert words.fails_at(ruling(kind="relative", compared=base)) == pytest.approx(at)


def test_what_is_measured_is_a_phrase_for_every_kind_of_rule() -> None:
    assert {kind: words.what(ruling(kind=kind).rule) for kind in MEASURES} == {
        "quantile": "p95 latency of POST /api/swipes",
        "under": "answers to GET /api/deck within 150 ms",
        "errors": "errors of all",
        "rate": "answered rate of POST /api/swipes",
        "promise": "good events of swipe-availability",
        "budget": "error budget spent of swipe-availability",
        "query": "the query sum(petswipe_swipes_total)",
        "relative": "p95 latency of POST /api/swipes",
    }


def test_a_baseline_is_shown_with_the_change_since() -> None:
    assert words.compared(ruling(PASSED, compared=0.12, measured=0.15)) == "120 ms (+25.0 %)"
    assert words.compared(ruling(PASSED, compared=0.12, measured=None)) == "120 ms"
    assert words.compared(ruling(PASSED)) == "–"


def test_too_few_samples_are_shown_with_what_it_takes() -> None:
    assert words.samples(ruling(samples=20.0)) == "20 of 200"
    assert words.samples(ruling(samples=2000.0)) == "2,000"
    assert words.samples(ruling(samples=None)) == "– of 200"


def test_a_text_becomes_one_visible_line_without_credentials() -> None:
    line = words.plain(HOSTILE)
    assert line.isprintable()
    assert "http://api.example/" in line
    assert "loader" not in line


@pytest.mark.parametrize(
    "url",
    [
        "http://u:p@api.example/v1",
        "http://u:p@ss@api.example/v1",
        "http://u'<\"p@api.example/v1?token=1#x",
        "http://api.example/v1",
    ],
)
def test_an_address_is_shown_without_user_password_and_query(url: str) -> None:
    assert words.address(url) == "http://api.example/v1"
    assert words.plain(f"GET {url.partition('?')[0]} failed") == "GET http://api.example/v1 failed"
