"""Who is told of what and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts import places
from alerts.alertmanager_config import alertmanager_document
from alerts.dispatch import Dispatch
from alerts.reading.told import MOMENTS, WEEKDAY_NIGHT, WEEKEND, WORKING_HOURS
from tests.alerts.generated import labels_of

DISPATCH = Dispatch(alertmanager_document())


@pytest.mark.parametrize(
    ("alert", "at_work", "at_night", "on_sunday"),
    [
        ("HighErrorRate", ["pager"], ["pager"], ["pager"]),
        ("SwipeAvailabilityBudgetBurnPage", ["pager"], ["pager"], ["pager"]),
        ("SwipeAvailabilityBudgetBurnTicket", ["ticket"], [], []),
        ("DatabaseDown", ["pager"], ["pager"], ["pager"]),
        ("SlowQueries", ["ticket-dba"], [], []),
        ("ErrorsPresent", ["ticket"], [], []),
        ("CpuHigh", ["chat"], ["chat"], ["chat"]),
        ("CacheHitRatioLow", ["chat"], [], []),
        ("CrashLooping", ["mail"], ["mail"], ["mail"]),
        ("BudgetSpent", ["mail-finance"], [], []),
        ("InstanceIdle", ["mail-finance"], [], []),
        ("Watchdog", ["heartbeat"], ["heartbeat"], ["heartbeat"]),
    ],
)
def test_an_alert_is_told_where_and_when_somebody_reads_it(
    alert: str, at_work: list[str], at_night: list[str], on_sunday: list[str]
) -> None:
    labels = labels_of(alert)
    assert DISPATCH.receivers_of(labels, WORKING_HOURS) == at_work
    assert DISPATCH.receivers_of(labels, WEEKDAY_NIGHT) == at_night
    assert DISPATCH.receivers_of(labels, WEEKEND) == on_sunday


def test_the_moments_are_what_they_are_called() -> None:
    assert list(MOMENTS.values()) == [WORKING_HOURS, WEEKDAY_NIGHT, WEEKEND]
    assert [f"{moment:%A %H:%M}" for moment in MOMENTS.values()] == [
        "Wednesday 10:00",
        "Wednesday 03:00",
        "Sunday 03:00",
    ]


def test_that_no_mail_arrives_is_not_told_by_mail() -> None:
    labels = labels_of("NotificationsFailing")
    assert DISPATCH.receivers_of({**labels, "integration": "slack"}, WEEKEND) == ["mail"]
    assert DISPATCH.receivers_of({**labels, "integration": "email"}, WEEKEND) == ["chat"]


@pytest.mark.parametrize("name", ["channel", "team", "alert_type"])
def test_no_other_label_keeps_a_critical_alert_from_the_pager(name: str) -> None:
    labels = {"alertname": "Any", "severity": "critical", name: "wrong"}
    assert DISPATCH.receivers_of(labels, WEEKEND) == ["pager"]


def test_nothing_but_a_page_is_told_on_a_holiday_that_is_a_working_day() -> None:
    christmas = datetime(2026, 12, 25, 10, 0, tzinfo=ZoneInfo(places.TIME_ZONE))
    assert christmas.weekday() < 5
    assert DISPATCH.receivers_of(labels_of("SlowQueries"), christmas) == []
    assert DISPATCH.receivers_of(labels_of("SlowQueries"), christmas + timedelta(3)) != []
    assert DISPATCH.receivers_of(labels_of("DatabaseDown"), christmas) == ["pager"]


def test_working_hours_follow_the_clock_of_the_team_through_the_year() -> None:
    ticket = labels_of("ErrorsPresent")
    # 07:30 in Zurich, and half an hour before that it is still 06:30 in summer.
    for day, hour in (
        (datetime(2026, 1, 14, tzinfo=UTC), 7),
        (datetime(2026, 7, 15, tzinfo=UTC), 6),
    ):
        begin = day + timedelta(hours=hour)
        assert DISPATCH.receivers_of(ticket, begin - timedelta(minutes=1)) == []
        assert DISPATCH.receivers_of(ticket, begin) == ["ticket"]
        assert DISPATCH.receivers_of(ticket, begin + timedelta(hours=10, minutes=-1)) == ["ticket"]
        assert DISPATCH.receivers_of(ticket, begin + timedelta(hours=10)) == []
