"""The queries against a real Prometheus that serves counters whose every point is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.indicators import LatencySli, RatioSli, error_ratio
from slo.objectives import SWIPE_AVAILABILITY, SWIPE_LATENCY
from slo.prometheus import NoDataError, Prometheus
from slo.queries import Between, Rolling, bad_events, timestamp, total_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slo.indicators import Counted
    from slo.model import Slo
    from tests.slo.conftest import Counters, History, Serve

SCRAPE = 15
MINUTE = timedelta(minutes=1)


def ratio_of(slo: Slo) -> RatioSli:
    assert isinstance(slo.sli, RatioSli)
    return slo.sli


def latency_of(slo: Slo) -> LatencySli:
    assert isinstance(slo.sli, LatencySli)
    return slo.sli


RATIO, LATENCY = ratio_of(SWIPE_AVAILABILITY), latency_of(SWIPE_LATENCY)
# One hour for each situation, so that none sees another.
HOURS = {
    name: datetime(2026, 1, 5, hour, tzinfo=UTC)
    for hour, name in enumerate(
        ("mixed", "all good", "idle", "late failure", "restart", "lost", "nothing", "line")
    )
}
FAILED = 'status_code="50'
ANSWERS = {"201": 7, "200": 3, "409": 2, "500": 1, "503": 1}


@pytest.fixture(scope="module")
def history(counters: Counters) -> History:
    """Make the counters of two workers: series with all their points."""

    def grow(name: str, steps: Sequence[int], late: float = 0, **labels: str) -> None:
        begin = HOURS[name] + timedelta(seconds=late)
        counters.grow(begin, steps, SCRAPE, **labels)
        # Two of five answers are in time; a failure can be as well.
        counters.grow(begin, in_time(steps), SCRAPE, le="0.15", **labels)
        counters.grow(begin, steps, SCRAPE, le="0.25", **labels)

    for number, instance in enumerate(("api:9100", "api:9101")):
        for order, (status, most) in enumerate(ANSWERS.items()):
            steps = uneven(most, 40, number + order)
            grow("mixed", steps, number * 4, instance=instance, status=status)
        grow("all good", [5] * 40, instance=instance)
        grow("idle", [11] + [0] * 40, instance=instance)
        grow("late failure", [5] * 40, instance=instance)
    # This worker fails for the first time after five minutes, three times at once.
    grow("late failure", [3, *[0, 1] * 10], 300, status="500")
    grow("restart", [5] * 20)
    grow("restart", [5] * 20, 20 * SCRAPE)
    grow("lost", [5] * 60)
    grow("lost", [5] * 20, instance="api:9101")
    grow("lost", [1] * 20, instance="api:9101", status="500")
    grow("line", [95] * 60)
    grow("line", [5] * 60, status="500")
    return counters.history


@pytest.fixture(scope="module")
def prometheus(history: History, serve: Serve) -> Iterator[Prometheus]:
    with Prometheus(serve(history)) as found:
        yield found


@pytest.mark.parametrize("minutes", [(2, 8), (0, 10), (3, 4), (1, 9)])
@pytest.mark.parametrize("offset", [0.0, 0.001, 7.5, 14.999])
def test_counts_between_two_moments_are_exactly_those_written(
    minutes: tuple[int, int],
    offset: float,
    prometheus: Prometheus,
    history: History,
) -> None:
    start, end = (HOURS["mixed"] + m * MINUTE + timedelta(seconds=offset) for m in minutes)
    window = Between(start, end)
    total, bad = written(history, window, "_count{"), written(history, window, "_count{", FAILED)
    assert 0 < bad < total
    assert prometheus.number(total_events(RATIO, window)) == total
    assert prometheus.number(bad_events(RATIO, window)) == bad


@pytest.mark.parametrize("minutes", [(2, 8), (0, 10), (3, 4)])
def test_late_answers_between_two_moments_are_exactly_those_written(
    minutes: tuple[int, int],
    prometheus: Prometheus,
    history: History,
) -> None:
    start, end = (HOURS["mixed"] + m * MINUTE for m in minutes)
    window = Between(start, end)
    answered, in_time = (
        written(history, window, part) - written(history, window, part, FAILED)
        for part in ("_count{", 'le="0.15"')
    )
    assert 0 < in_time < answered
    assert prometheus.number(total_events(LATENCY, window)) == answered
    assert prometheus.number(bad_events(LATENCY, window)) == answered - in_time


def test_a_series_that_begins_in_the_window_counts_from_zero(prometheus: Prometheus) -> None:
    begin = HOURS["late failure"]
    window = Between(begin + 2 * MINUTE, begin + 9 * MINUTE)
    # Three at once at 5:00, and one more at every second scrape until 9:00.
    assert prometheus.number(bad_events(RATIO, window)) == 3 + 8
    before = Between(begin + MINUTE, begin + 4 * MINUTE)
    assert prometheus.number(bad_events(RATIO, before)) == 0


def test_without_a_series_of_bad_events_there_are_none(prometheus: Prometheus) -> None:
    begin = HOURS["all good"]
    window = Between(begin + MINUTE, begin + 9 * MINUTE)
    assert prometheus.number(bad_events(RATIO, window)) == 0
    assert prometheus.number(total_events(RATIO, window)) == 2 * 5 * 8 * 4
    rolling = Rolling(8 * MINUTE, begin + 9 * MINUTE)
    assert prometheus.number(bad_events(RATIO, rolling)) == 0


@pytest.mark.parametrize("sli", [RATIO, LATENCY])
@pytest.mark.parametrize("rolling", [True, False])
def test_without_any_series_a_count_is_no_number(
    *, sli: Counted, rolling: bool, prometheus: Prometheus
) -> None:
    end = HOURS["nothing"] + 30 * MINUTE
    window = Rolling(5 * MINUTE, end) if rolling else Between(end - 5 * MINUTE, end)
    for count in (total_events, bad_events):
        with pytest.raises(NoDataError, match="the query gives no series"):
            prometheus.number(count(sli, window))


@pytest.mark.parametrize(
    ("name", "minutes", "found"),
    [
        ("mixed", (1, 9), 0),
        ("late failure", (1, 9), 0),
        # The restart is at 5:00.
        ("restart", (1, 9), 1),
        ("restart", (1, 4), 0),
        ("restart", (6, 9), 0),
        # Of the two series of the worker that is lost at 5:00, Prometheus has forgotten both.
        ("lost", (1, 12), 2),
        ("lost", (1, 4), 0),
        ("lost", (11, 14), 0),
    ],
)
def test_what_makes_a_count_inexact_is_counted(
    name: str, minutes: tuple[int, int], found: int, prometheus: Prometheus
) -> None:
    window = Between(*(HOURS[name] + m * MINUTE for m in minutes))
    query = window.resets(RATIO.total)
    assert query is not None
    assert prometheus.number(query) == found


def test_a_rolling_count_bridges_a_restart(prometheus: Prometheus) -> None:
    window = Rolling(8 * MINUTE, HOURS["restart"] + 9 * MINUTE)
    assert window.resets(RATIO.total) is None
    # One scrape's worth is lost in the restart, and the edges are estimated.
    assert float(prometheus.number(total_events(RATIO, window))) == pytest.approx(160, abs=6)


def test_a_rolling_count_of_a_steady_counter_is_right(prometheus: Prometheus) -> None:
    window = Rolling(10 * MINUTE, HOURS["line"] + 14 * MINUTE)
    total, bad = (
        float(prometheus.number(count(RATIO, window))) for count in (total_events, bad_events)
    )
    assert [total, bad] == pytest.approx([4000, 200])


@pytest.mark.parametrize("window", [MINUTE, 5 * MINUTE, 10 * MINUTE])
def test_the_error_ratio_is_the_share_of_bad_events(
    window: timedelta, prometheus: Prometheus
) -> None:
    moment = HOURS["line"] + 14 * MINUTE
    found = prometheus.number(error_ratio(RATIO, window), at=moment)
    assert float(found) == pytest.approx(0.05)


@pytest.mark.parametrize("sli", [RATIO, LATENCY])
def test_the_error_ratio_is_zero_while_nothing_fails(sli: Counted, prometheus: Prometheus) -> None:
    moment = HOURS["all good"] + 9 * MINUTE
    ratio = prometheus.number(error_ratio(sli, 5 * MINUTE), at=moment)
    expected = 0 if sli is RATIO else Fraction(3, 5)
    assert float(ratio) == pytest.approx(float(expected))


@pytest.mark.parametrize("sli", [RATIO, LATENCY])
@pytest.mark.parametrize("name", ["idle", "nothing"])
def test_the_error_ratio_is_absent_while_nothing_happens(
    sli: Counted, name: str, prometheus: Prometheus
) -> None:
    moment = HOURS[name] + 9 * MINUTE
    assert prometheus.vector(error_ratio(sli, 5 * MINUTE), at=moment) == {}


def test_the_error_ratio_of_latency_is_the_share_of_late_answers(prometheus: Prometheus) -> None:
    end = HOURS["mixed"] + 9 * MINUTE
    window = Between(end - 5 * MINUTE, end)
    late = prometheus.number(bad_events(LATENCY, window))
    share = late / prometheus.number(total_events(LATENCY, window))
    assert late > 0
    found = prometheus.number(error_ratio(LATENCY, 5 * MINUTE), at=end)
    assert float(found) == pytest.approx(float(share), rel=0.05)


@pytest.mark.parametrize("seconds", [0, -1])
def test_a_window_that_does_not_end_after_it_starts_is_refused(seconds: int) -> None:
    start = HOURS["mixed"]
    with pytest.raises(ValueError, match="a window must end after it starts"):
        Between(start, start + timedelta(seconds=seconds))


@settings(deadline=None)
@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
)
def test_a_timestamp_is_the_moment_to_the_millisecond(moment: datetime) -> None:
    text = timestamp(moment)
    assert len(text.partition(".")[2]) == 3
    wanted = Fraction(round(moment.timestamp() * 1_000_000), 1_000_000)
    assert abs(Fraction(text) - wanted) <= Fraction(1, 1000)


def uneven(most: int, count: int, seed: int) -> list[int]:
    """Make steps between 0 and `most` that repeat late."""
    return [(7919 * (i + 1) * (seed + 3)) % (most + 1) for i in range(count)]


def in_time(steps: Sequence[int]) -> list[int]:
    """Take two of five events, whenever the second and the fifth of them are there."""
    totals = [0, *accumulate(steps)]
    return [after * 2 // 5 - before * 2 // 5 for before, after in pairwise(totals)]


def written(history: History, window: Between, *having: str) -> int:
    """Count by hand: what every series was last at the end, less what it was at the start."""
    return sum(
        last_before(points, window.end) - last_before(points, window.start)
        for name, points in history.items()
        if all(part in name for part in having)
    )


def last_before(points: Sequence[tuple[float, int]], moment: datetime) -> int:
    hour = moment.replace(minute=0, second=0, microsecond=0).timestamp()
    seen = [value for at, value in points if hour <= at <= moment.timestamp()]
    return seen[-1] if seen else 0
