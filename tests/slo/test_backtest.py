from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from slo.backtest import Backtest, backtest, wanted_pairs
from slo.backtest_output import document
from slo.model import BURN_WINDOWS, Alerting, Severity
from slo.objectives import SWIPE_AVAILABILITY
from slo.traffic import DAY, HOUR, Outage, Traffic, in_slices, make

FAST, SLOW, DAY_TICKET, LONG_TICKET = BURN_WINDOWS
PROMISE = replace(SWIPE_AVAILABILITY, objective=Fraction("0.999"))


def steady(outage: Outage, rate: float = 1000.0, days: int = 3) -> Traffic:
    """Make traffic without chance: every number below follows by hand."""
    minutes = range(days * DAY)
    inside = [outage.begins <= minute < outage.ends for minute in minutes]
    bad = [rate * outage.share if broken else 0.0 for broken in inside]
    return Traffic("steady", [rate] * len(minutes), bad, (outage,))


def shape(name: str) -> Backtest:
    return backtest(SWIPE_AVAILABILITY, make(name))


def test_a_full_outage_pages_after_its_share_of_the_hour_and_the_wait() -> None:
    result = backtest(PROMISE, steady(Outage(DAY, DAY + 60, 1.0)))
    # 1.44 % of an hour is 52 s; the minute after the first full one is the wait.
    assert result.delay(FAST) == 2
    first = result.first(FAST)
    assert first is not None
    # Two minutes of 30 days, a thousand times the budget.
    assert first.gone == pytest.approx(2 / (30 * DAY) / 0.001)
    # The 5-minute window is clean five minutes after the end, and is waited for once more.
    assert first.ended == DAY + 60 + 4 + 5 + 1


def test_a_burn_just_under_a_threshold_tells_nobody_and_just_over_it_does() -> None:
    for share, fires in ((0.0143, False), (0.0145, True)):
        result = backtest(PROMISE, steady(Outage(DAY, 2 * DAY, share)))
        assert (result.first(FAST) is not None) is fires
        assert result.first(SLOW) is not None
    # At 14.5 the hour is full only at its end.
    assert result.delay(FAST) == 60 + 1


def test_what_is_spent_is_a_share_of_the_whole_period() -> None:
    result = backtest(PROMISE, steady(Outage(DAY, DAY + 432, 0.1)))
    # A tenth of the events of a hundredth of 30 days, of a budget of a thousandth.
    assert result.spent == pytest.approx(0.1 * 0.01 / 0.001)


def test_an_alert_that_still_fires_has_no_end() -> None:
    result = backtest(PROMISE, steady(Outage(3 * DAY - 30, 3 * DAY, 1.0)))
    first = result.first(FAST)
    assert first is not None
    assert first.ended is None
    alert = document(result)["alerts"][0]
    assert (alert["windows"], alert["firings"][0]["reset_after_minutes"]) == ("1h/5m", None)


def test_healthy_traffic_and_one_failure_of_twelve_an_hour_tell_nobody() -> None:
    for name in ("healthy", "few-one-fails"):
        assert shape(name).firings == ()


def test_a_full_outage_at_twelve_an_hour_pages_within_half_an_hour() -> None:
    delay = shape("few-outage").delay(FAST)
    assert delay is not None
    assert 20 <= delay <= 35


def test_a_page_for_next_to_nothing_is_a_wrong_one() -> None:
    # A fifth of the events of a quiet hour: a burn of 200 that costs hardly any of the budget.
    hours = [5.0 if DAY <= minute < DAY + 2 * HOUR else 1000.0 for minute in range(3 * DAY)]
    bad = [1.0 if DAY + HOUR <= minute < DAY + 2 * HOUR else 0.0 for minute in range(3 * DAY)]
    quiet = Traffic("quiet", hours, bad, (Outage(DAY + HOUR, DAY + 2 * HOUR, 0.2),))
    result = backtest(PROMISE, quiet)
    first = result.first(FAST)
    assert first is not None
    assert first.wrong
    assert first.spent == pytest.approx(60 / (0.001 * sum(hours) * 10), rel=0.01)
    assert not shape("outage-10m").firings[0].wrong


def test_traffic_without_events_is_no_traffic_to_judge() -> None:
    silent = Traffic("silent", [0.0] * HOUR, [0.0] * HOUR)
    result = backtest(PROMISE, silent)
    assert (result.firings, result.spent) == ((), 0.0)


def test_a_short_window_without_events_does_not_stop_an_alert() -> None:
    # Everything fails for ten minutes, and then nobody comes any more.
    broken = range(DAY, DAY + 10)
    total = [1000.0 if minute < broken.stop else 0.0 for minute in range(DAY + 3 * HOUR)]
    bad = [1000.0 if minute in broken else 0.0 for minute in range(len(total))]
    first = backtest(PROMISE, Traffic("gone", total, bad, (Outage(DAY, DAY + 10, 1.0),))).first(
        FAST
    )
    assert first is not None
    assert first.ended is not None
    # Until the hour holds no bad event any more, and for as long as its end is doubted.
    assert first.ended == broken.stop + HOUR + 5


def test_alerts_that_nobody_wants_do_not_fire() -> None:
    quiet = replace(PROMISE, alerting=Alerting(page=False))
    result = backtest(quiet, make("outage-2h"))
    assert [pair.severity for pair in wanted_pairs(quiet)] == [Severity.TICKET] * 2
    assert {firing.pair.severity for firing in result.firings} == {Severity.TICKET}


def test_a_composite_burns_by_the_weights_of_its_parts() -> None:
    minutes = DAY + HOUR
    whole = Traffic("a", [1000.0] * minutes, [0.0] * minutes)
    broken = steady(Outage(DAY, DAY + HOUR, 0.04), days=2)
    part = Traffic("b", broken.total[:minutes], broken.bad[:minutes])
    for weight, fires in ((1.0, True), (4.0, False)):
        both = Traffic("ab", [2000.0] * minutes, part.bad, parts=((weight, whole), (1.0, part)))
        result = backtest(PROMISE, both)
        # 4 % of one part are 2 % of two alike, and 0.8 % where the other weighs four times more.
        assert (result.first(FAST) is not None) is fires
        share = 1 / (1 + weight) * 0.04 * HOUR / minutes
        assert result.spent == pytest.approx(share * minutes / (30 * DAY) / 0.001)


def test_slices_are_events_of_their_own() -> None:
    one = Traffic("one", [10.0] * 25 + [0.0] * 5, [0.0] * 11 + [2.0] * 9 + [0.0] * 10)
    judged = in_slices(one, 10, 0.1)
    assert [minute for minute, total in enumerate(judged.total) if total] == [9, 19, 29]
    assert [minute for minute, bad in enumerate(judged.bad) if bad] == [19]


@pytest.mark.parametrize(
    ("total", "bad", "complaint"),
    [
        ([1.0], [], "1 minutes of events, 0 of bad ones"),
        ([1.0, 1.0], [0.0, 2.0], "minute 1 has 2 bad events of 1"),
        ([1.0], [-1.0], "minute 0 has -1 bad events of 1"),
        ([float("inf")], [0.0], "minute 0 has 0 bad events of inf"),
        ([float("nan")], [0.0], "minute 0 has 0 bad events of nan"),
    ],
)
def test_minutes_that_cannot_be_are_refused(
    total: list[float], bad: list[float], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Traffic("wrong", total, bad)
