"""Verdicts on history that a real Prometheus serves, and the arithmetic behind them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slo.counting import Count
from slo.gate import Outcome, decide
from slo.objectives import DECK_AVAILABILITY, OBJECTIVES, SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.prometheus import Prometheus, UnreachableError
from slo.queries import Between, Rolling
from slo.report import (
    SloResult,
    Verdict,
    judge,
    measure,
    percent,
    result_document,
    window_document,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.model import Slo
    from tests.slo.conftest import Counters, Serve

MINUTE = timedelta(minutes=1)
# One hour for each situation, so that none sees another.
HOURS = {
    name: datetime(2026, 1, 5, hour, tzinfo=UTC)
    for hour, name in enumerate(
        (
            "at the limit",
            "above the limit",
            "late at the limit",
            "late above the limit",
            "all good",
            "idle",
            "restart",
            "restart between two scrapes",
            "lost",
            "nothing",
        )
    )
}
# Six hours of much healthy traffic, then more than an hour of little traffic that often fails.
BURNING = datetime(2026, 1, 6, tzinfo=UTC)
BURN_STARTS, BURN_ENDS = BURNING + 360 * MINUTE, BURNING + 430 * MINUTE


@pytest.fixture(scope="module")
def prometheus(counters: Counters, serve: Serve) -> Iterator[Prometheus]:
    def jump(name: str, events: int, **labels: str) -> None:
        """Count so many events within the window of a situation, and many before it."""
        counters.grow(HOURS[name], [10_000, 0, 0, events, *[0] * 20], 60, **labels)

    for name, good, bad in (("at the limit", 1999, 1), ("above the limit", 1998, 2)):
        jump(name, good)
        jump(name, bad, status="503")
    for name, late in (("late at the limit", 100), ("late above the limit", 101)):
        jump(name, 2000)
        jump(name, 2000 - late, le="0.15")
        # A failure is neither late nor in time.
        jump(name, 1000, status="500")
        jump(name, 0, status="500", le="0.15")
    for name, events in (("all good", 2000), ("idle", 0)):
        jump(name, events)
        jump(name, events, le="0.15")
    counters.grow(HOURS["restart"], [100] * 10)
    counters.grow(HOURS["restart"] + 10 * MINUTE, [200] * 15)
    # The last sample of one process is older than the window, and all in it are of the next.
    before = HOURS["restart between two scrapes"] - MINUTE / 2
    counters.grow(before, [10_000, 0])
    counters.grow(before + 2 * MINUTE, [100] * 23)
    counters.grow(HOURS["lost"], [100] * 30)
    counters.grow(HOURS["lost"], [50] * 4, status="500", instance="api:9101")
    counters.grow(BURNING, [100_000] * 360 + [98] * 70 + [100] * 30)
    counters.grow(BURNING, [0] * 360 + [2] * 70 + [0] * 30, status="500")
    with Prometheus(serve(counters.history)) as found:
        yield found


@pytest.mark.parametrize(
    ("slo", "name", "verdict", "total", "bad", "burned"),
    [
        (SWIPE_AVAILABILITY, "at the limit", Verdict.MET, 2000, 1, "1"),
        (SWIPE_AVAILABILITY, "above the limit", Verdict.EXHAUSTED, 2000, 2, "2"),
        (SWIPE_LATENCY, "late at the limit", Verdict.MET, 2000, 100, "1"),
        (SWIPE_LATENCY, "late above the limit", Verdict.EXHAUSTED, 2000, 101, "1.01"),
        (SWIPE_AVAILABILITY, "all good", Verdict.MET, 2000, 0, "0"),
        (SWIPE_LATENCY, "all good", Verdict.MET, 2000, 0, "0"),
    ],
)
def test_a_promise_is_kept_up_to_its_limit_and_broken_by_one_event_more(
    slo: Slo,
    name: str,
    verdict: Verdict,
    total: int,
    bad: int,
    burned: str,
    prometheus: Prometheus,
) -> None:
    result = between(slo, name, prometheus)
    assert result.verdict is verdict
    assert [result.total, result.bad] == [total, bad]
    assert result.budget_burned == Fraction(burned)
    assert result.good_ratio == 1 - Fraction(bad, total)
    assert bool(result.reason) == (verdict is not Verdict.MET)


def test_a_broken_promise_says_how_many_events_were_allowed(prometheus: Prometheus) -> None:
    result = between(SWIPE_AVAILABILITY, "above the limit", prometheus)
    assert result.reason == "2 of 2000 events were bad, 1 are allowed"
    assert (result.limit, result.measured) == ("99.95 %", "99.9 %")


def test_the_queries_of_a_result_give_its_numbers_again(prometheus: Prometheus) -> None:
    result = between(SWIPE_LATENCY, "late above the limit", prometheus)
    assert prometheus.number(result.queries["total"]) == result.total
    assert prometheus.number(result.queries["bad"]) == result.bad


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("idle", "no event in the window"),
        ("nothing", "the query gives no series: "),
        ("restart", "a process restarted or was lost in the window, the count is not exact: "),
        (
            "restart between two scrapes",
            "a process restarted or was lost in the window, the count is not exact: ",
        ),
        ("lost", "a process restarted or was lost in the window, the count is not exact: "),
    ],
)
def test_what_was_not_measured_is_no_data_and_says_why(
    name: str, reason: str, prometheus: Prometheus
) -> None:
    result = between(SWIPE_AVAILABILITY, name, prometheus)
    assert result.verdict is Verdict.NO_DATA
    assert result.reason.startswith(reason)
    assert result.good_ratio is None
    assert result.budget_burned is None
    assert result.measured == "no data"


@pytest.mark.parametrize(
    "found", [Count(Fraction(-98_000), Fraction(30)), Count(ratio=Fraction(-1, 100))]
)
def test_fewer_bad_events_than_none_are_no_data(found: Count) -> None:
    result = judge(SWIPE_AVAILABILITY, found, {})
    assert (result.verdict, result.good_ratio) == (Verdict.NO_DATA, None)
    assert result.reason.endswith("which cannot be")
    # But for what rounding makes of nothing.
    exact = Count(Fraction(1000), Fraction(-1, 10**9))
    assert judge(SWIPE_AVAILABILITY, exact, {}).verdict is Verdict.MET


def test_several_are_measured_in_the_order_asked_for(prometheus: Prometheus) -> None:
    window = window_of("all good")
    slos = (DECK_AVAILABILITY, SWIPE_LATENCY, SWIPE_AVAILABILITY)
    results = measure(slos, window, prometheus)
    assert [(result.slo, result.verdict) for result in results] == [
        (DECK_AVAILABILITY, Verdict.NO_DATA),
        (SWIPE_LATENCY, Verdict.MET),
        (SWIPE_AVAILABILITY, Verdict.MET),
    ]


@pytest.mark.parametrize(
    ("moment", "verdict"),
    [
        # Nothing has failed yet.
        (BURN_STARTS, Verdict.MET),
        # 2 % fail, but of the last hour most was healthy.
        (BURN_STARTS + 6 * MINUTE, Verdict.MET),
        (BURN_ENDS, Verdict.BURNING),
        # The last hour was bad, the last five minutes are not.
        (BURN_ENDS + 10 * MINUTE, Verdict.MET),
    ],
)
def test_a_rolling_period_burns_while_both_windows_of_a_page_do(
    moment: datetime, verdict: Verdict, prometheus: Prometheus
) -> None:
    window = Rolling(timedelta(hours=8), moment)
    (result,) = measure([SWIPE_AVAILABILITY], window, prometheus)
    assert result.verdict is verdict
    assert result.budget_burned is not None
    assert result.budget_burned < 1
    burns = "the budget burns faster than 14.4 times its even rate"
    assert result.reason == (burns if verdict is Verdict.BURNING else "")


def test_a_promise_that_was_kept_until_the_data_ended_is_no_pass(prometheus: Prometheus) -> None:
    # Scrapes ended 10 minutes before: of 8 hours enough is known, of the last five minutes nothing.
    window = Rolling(timedelta(hours=8), BURN_ENDS + 40 * MINUTE)
    (result,) = measure([SWIPE_AVAILABILITY], window, prometheus)
    assert result.budget_burned is not None
    assert result.budget_burned < 1
    assert result.verdict is Verdict.NO_DATA
    assert result.reason.startswith("whether it burns now is unknown: the query gives no series")
    assert decide([result]).outcome is Outcome.UNDECIDED


def test_a_burn_that_has_spent_the_budget_is_exhaustion(prometheus: Prometheus) -> None:
    window = Rolling(timedelta(hours=1), BURN_ENDS)
    (result,) = measure([SWIPE_AVAILABILITY], window, prometheus)
    assert result.verdict is Verdict.EXHAUSTED


def test_two_moments_are_judged_by_their_events_and_not_by_how_they_burn(
    prometheus: Prometheus,
) -> None:
    window = Between(BURNING, BURN_ENDS)
    (result,) = measure([SWIPE_AVAILABILITY], window, prometheus)
    assert (result.verdict, result.reason) == (Verdict.MET, "")


def test_a_ticket_level_burn_does_not_hold_up_a_release(prometheus: Prometheus) -> None:
    # The same history, with windows of which only those of a ticket burn.
    tickets = tuple(
        replace(pair, long=pair.long / 24, short=pair.short / 24, budget_spent=Fraction(1, 1000))
        for pair in SWIPE_AVAILABILITY.burn_windows
        if pair.severity == "ticket"
    )
    slo = replace(SWIPE_AVAILABILITY, burn_windows=tickets)
    (result,) = measure([slo], Rolling(timedelta(hours=8), BURN_ENDS), prometheus)
    assert result.verdict is Verdict.MET


def test_a_prometheus_that_is_gone_is_an_error_and_not_a_verdict() -> None:
    with Prometheus("http://127.0.0.1:1") as gone, pytest.raises(UnreachableError):
        measure(OBJECTIVES, window_of("all good"), gone)


@settings(deadline=None)
@given(ratio=st.fractions(min_value=0, max_value=1))
@example(ratio=Fraction(99_949_999_999, 100_000_000_000))
@example(ratio=Fraction(1_999_999, 2_000_000))
def test_a_percentage_is_never_rounded_up_to_a_promise(ratio: Fraction) -> None:
    text = percent(ratio)
    assert text.endswith(" %")
    written = Fraction(text.removesuffix(" %")) / 100
    assert written <= ratio < written + Fraction(1, 1_000_000)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        ("0", "0 %"),
        ("1", "100 %"),
        ("0.1", "10 %"),
        ("0.9995", "99.95 %"),
        ("0.99949999", "99.9499 %"),
        ("0.000001", "0.0001 %"),
        ("0.0000009", "0 %"),
    ],
)
def test_percentages_have_at_most_four_decimals(ratio: str, text: str) -> None:
    assert percent(Fraction(ratio)) == text


@settings(deadline=None)
@given(
    objective=st.fractions(min_value=Fraction(94, 100), max_value=Fraction(999_999, 1_000_000)),
    total=st.integers(min_value=1, max_value=10**9),
    data=st.data(),
)
def test_the_budget_is_burned_exactly_when_more_fails_than_is_allowed(
    objective: Fraction, total: int, data: st.DataObject
) -> None:
    bad = data.draw(st.integers(min_value=0, max_value=total))
    slo = replace(SWIPE_AVAILABILITY, objective=objective)
    result = SloResult(slo, Verdict.MET, Fraction(total), Fraction(bad), {}, "")
    assert result.budget_burned == Fraction(bad, total) / (1 - objective)
    assert result.good_ratio == Fraction(total - bad, total)
    assert (result.budget_burned > 1) == (bad > total * slo.budget)


def test_a_result_is_written_with_plain_numbers() -> None:
    result = SloResult(
        SWIPE_LATENCY, Verdict.MET, Fraction(2000), Fraction(5, 2), {"total": "a"}, ""
    )
    assert result_document(result) == {
        "slo": "swipe-latency",
        "group": {},
        "title": "Swipe latency",
        "objective": 0.95,
        "limit": "95 % < 150 ms",
        "measured": "99.875 % < 150 ms",
        "total": 2000,
        "bad": 2.5,
        "good_ratio": 0.99875,
        "budget_burned": 0.025,
        "verdict": "met",
        "reason": "",
        "queries": {"total": "a"},
    }


def test_what_is_unknown_is_written_as_nothing_and_not_as_zero() -> None:
    document = result_document(SloResult(SWIPE_LATENCY, Verdict.NO_DATA, None, None, {}, "gone"))
    assert {key for key, value in document.items() if value is None} == {
        "total",
        "bad",
        "good_ratio",
        "budget_burned",
    }
    assert (document["verdict"], document["measured"]) == ("no_data", "no data")


def test_windows_are_written_with_their_moments() -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    assert window_document(Between(start, start + MINUTE)) == {
        "start": "1767571200.000",
        "end": "1767571260.000",
    }
    assert window_document(Rolling(timedelta(days=30), start)) == {
        "period": "30 days, 0:00:00",
        "end": "1767571200.000",
    }


def between(slo: Slo, name: str, prometheus: Prometheus) -> SloResult:
    (result,) = measure([slo], window_of(name), prometheus)
    return result


def window_of(name: str) -> Between:
    return Between(HOURS[name] + MINUTE, HOURS[name] + 20 * MINUTE)
