"""Months of Berlin, around the change to summer time, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from alerts.slo_rules import recording_groups
from slo.compliance import report
from slo.indicators import QuerySli
from slo.model import Calendar, CalendarUnit, Slo
from slo.prometheus import Prometheus
from slo.report import Verdict
from tests.alerts.replay import EVALUATED, Replay

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from slo.compliance import Compliance, Day, Report
    from slo.report import SloResult

BERLIN = ZoneInfo("Europe/Berlin")
EVERY = timedelta(minutes=5)
EACH = 300
BEGINS = datetime(2026, 3, 10, 0, 2, 30, tzinfo=BERLIN).astimezone(UTC)
AT = datetime(2026, 4, 15, 12, 7, 30, tzinfo=UTC)
RECORDED_SINCE = datetime(2026, 4, 5, 9, 50, tzinfo=UTC)
# What fails when; the last minutes of March and the first of April are one day of UTC.
FAILURES = {
    datetime(2026, 3, 15, 12, tzinfo=BERLIN): 3000,
    datetime(2026, 3, 29, 3, tzinfo=BERLIN): 6000,
    datetime(2026, 3, 31, 23, 55, tzinfo=BERLIN): 500,
    datetime(2026, 4, 1, 0, 0, tzinfo=BERLIN): 700,
    datetime(2026, 4, 10, 12, tzinfo=BERLIN): 13_000,
}
# A whole day of 86 400 events, the first one without its first count, and one of 23 hours.
MARCH = 86_100 + 18 * 86_400 + 82_800 + 2 * 86_400
APRIL = 14 * 86_400 + 50_400
GAP = (datetime(2026, 4, 3, 0, tzinfo=UTC), datetime(2026, 4, 3, 6, tzinfo=UTC))
SLO = Slo(
    id="orders",
    service="shop",
    title="Orders",
    description="Orders are taken.",
    objective=Fraction("0.99"),
    sli=QuerySli(
        "sum by (region) (increase(orders_total[{{.window}}]))",
        bad_query="sum by (region) (increase(order_failures_total[{{.window}}]))",
    ),
    group_by=("region",),
    period=timedelta(days=7),
    scrape_interval=EVERY,
)


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replay]:
    with Replay(tmp_path_factory.mktemp("compliance")) as found:
        found.add(
            {
                'orders_total{region="eu"}': grow(BEGINS, {}),
                'order_failures_total{region="eu"}': grow(BEGINS, FAILURES, steady=0),
                'orders_total{region="us"}': grow(datetime(2026, 4, 12, 0, 2, 30, tzinfo=UTC), {}),
                'orders_total{region="gap"}': [
                    (moment, value)
                    for moment, value in grow(BEGINS, {})
                    if not GAP[0].timestamp() < moment < GAP[1].timestamp()
                ],
                'orders_total{region="idle"}': grow(BEGINS, {}, steady=0),
            }
        )
        yield found


@pytest.fixture(scope="module")
def by_counters(replay: Replay) -> Report:
    return ask(replay, SLO)


def grow(
    begin: datetime, extra: Mapping[datetime, int], steady: int = EACH
) -> list[tuple[float, float]]:
    """Count from zero, so much a sample, and more in the sample after some moments."""
    pending = sorted((moment.timestamp(), events) for moment, events in extra.items())
    value = 0
    samples: list[tuple[float, float]] = []
    now = begin
    while now <= AT:
        value += steady if samples else 0
        while pending and pending[0][0] < now.timestamp():
            value += pending.pop(0)[1]
        samples.append((now.timestamp(), float(value)))
        now += EVERY
    return samples


def ask(replay: Replay, slo: Slo, zone: str = "Europe/Berlin") -> Report:
    with Prometheus(replay.url, timeout=60) as prometheus:
        return report([slo], AT, ZoneInfo(zone), None, prometheus)


def of_region(found: Report, region: str) -> Compliance:
    (one,) = (one for one in found.slos if one.name == f'orders{{region="{region}"}}')
    return one


def events(counted: SloResult | Day) -> list[Fraction | None]:
    return [counted.total, counted.bad]


def test_the_own_period_and_both_months_are_counted_exactly(by_counters: Report) -> None:
    assert by_counters.at == datetime(2026, 4, 15, 12, tzinfo=UTC)
    week, april, march = of_region(by_counters, "eu").spans
    assert [week.span.name, april.span.name, march.span.name] == ["7d", "2026-04 so far", "2026-03"]
    assert events(week.result) == [7 * 86_400, 13_000]
    assert events(april.result) == [APRIL, 13_700]
    assert events(march.result) == [MARCH, 9_500]
    assert april.result.verdict is Verdict.EXHAUSTED
    assert april.result.reason == "13700 of 1260000 events were bad, 12600 are allowed"
    assert march.result.verdict is Verdict.MET
    assert march.result.budget_burned == Fraction(9_500, MARCH) * 100


def test_a_day_of_summer_time_has_23_hours_and_days_add_up_to_the_month(
    by_counters: Report,
) -> None:
    _, april, march = of_region(by_counters, "eu").spans
    days = {day.day: day for day in march.days}
    assert len(days) == 31
    assert events(days[date(2026, 3, 29)]) == [82_800, 6_000]
    assert days[date(2026, 3, 29)].spent == Fraction(6_000 * 100, MARCH)
    assert events(days[date(2026, 3, 28)]) == [86_400, 0]
    assert days[date(2026, 3, 31)].bad == 500
    assert april.days[0].day == date(2026, 4, 1)
    assert events(april.days[0]) == [86_400, 700]
    assert april.days[-1].day == date(2026, 4, 15)
    assert events(april.days[-1]) == [50_400, 0]
    for kept in (april, march):
        assert sum(day.spent or 0 for day in kept.days) == kept.result.budget_burned


def test_the_days_before_the_data_are_unknown_and_the_month_says_so(by_counters: Report) -> None:
    march = of_region(by_counters, "eu").spans[2]
    assert march.notes == ("no data before 2026-03-10 00:00",)
    unknown = [day.day for day in march.days if day.total is None]
    assert unknown == [date(2026, 3, day) for day in range(1, 10)]
    assert {day.spent for day in march.days[:9]} == {None}


def test_a_gap_is_told_with_its_length(by_counters: Report) -> None:
    _, april, march = of_region(by_counters, "gap").spans
    # A counter is remembered for twenty minutes, as four of its scrapes take.
    assert april.notes == ("no data for 5.75 h",)
    assert march.notes == ("no data before 2026-03-10 00:00",)
    # What it counted meanwhile is in no tile.
    odd = [day.day for day in april.days if day.total != 86_400]
    assert odd == [date(2026, 4, 3), date(2026, 4, 15)]


def test_a_month_without_data_or_without_events_is_never_met(by_counters: Report) -> None:
    _, april, march = of_region(by_counters, "us").spans
    assert (march.result.verdict, march.result.reason) == (Verdict.NO_DATA, "no data")
    assert (april.result.verdict, april.notes) == (
        Verdict.MET,
        ("no data before 2026-04-12 02:00",),
    )
    for kept in of_region(by_counters, "idle").spans:
        assert (kept.result.verdict, kept.result.reason) == (
            Verdict.NO_DATA,
            "no event in the window",
        )


def test_a_month_of_another_zone_begins_at_another_moment(replay: Replay) -> None:
    _, april, march = of_region(ask(replay, SLO, "UTC"), "eu").spans
    assert [march.result.bad, april.result.bad] == [10_200, 13_000]
    assert march.result.total == MARCH + 2 * 3_600
    assert april.days[-1].total == 12 * 3_600


def test_a_calendar_period_is_the_running_one_and_not_told_twice(replay: Replay) -> None:
    slo = replace(SLO, period=Calendar(CalendarUnit.MONTH, date(2026, 1, 1), "Europe/Berlin"))
    own, march = of_region(ask(replay, slo), "eu").spans
    assert (own.span.name, march.span.name) == ("month from 2026-04-01", "2026-03")
    assert events(own.result) == [APRIL, 13_700]


def test_the_number_of_questions_is_bounded_and_told(by_counters: Report) -> None:
    # 45 days are five pieces; recorded and counted, all and bad ones; two pairs that page.
    assert 5 * 2 * 2 < by_counters.asked <= 5 * 2 * 2 + 2 * 2 * 2
    assert {one.source for one in by_counters.slos} == {"counters"}


def test_an_slo_of_which_nothing_is_known_is_told_as_such(replay: Replay) -> None:
    nothing = replace(SLO, sli=QuerySli("sum(rate(a[{{.window}}]))", "sum(rate(b[{{.window}}]))"))
    (one,) = ask(replay, nothing).slos
    assert one.name == "orders"
    assert {kept.result.verdict for kept in one.spans} == {Verdict.NO_DATA}
    assert {day.spent for kept in one.spans for day in kept.days} == {None}


def test_what_rules_have_recorded_is_preferred_and_gives_the_same(
    replay: Replay, by_counters: Report
) -> None:
    """The last test: it adds to what Prometheus has."""
    rules = list(recording_groups(SLO))[:1]
    replay.record(rules, RECORDED_SINCE.timestamp(), AT.timestamp() + EVALUATED)
    mixed = ask(replay, SLO)
    one = of_region(mixed, "eu")
    assert one.source == "counters until 2026-04-05 10:00 UTC, recorded rules since"
    for new, old in zip(one.spans, of_region(by_counters, "eu").spans, strict=True):
        assert events(new.result) == events(old.result)
        assert new.days == old.days
    assert 'slo:sli_total:increase1m{sloth_id="shop-orders"' in one.spans[0].result.queries["total"]
