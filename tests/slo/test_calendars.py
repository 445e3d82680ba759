"""Where days and months of a place begin and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from slo.calendars import last_month, own_period, running_month
from slo.model import Calendar, CalendarUnit
from slo.objectives import SWIPE_LATENCY


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "zone", "name", "start"),
    [
        ("2026-03-29T12:00", "Europe/Berlin", "2026-03 so far", "2026-02-28T23:00"),
        ("2026-04-15T12:00", "Europe/Berlin", "2026-04 so far", "2026-03-31T22:00"),
        # Midnight belongs to the month that it ends.
        ("2026-03-31T22:00", "Europe/Berlin", "2026-03", "2026-02-28T23:00"),
        ("2026-03-31T22:15", "Europe/Berlin", "2026-04 so far", "2026-03-31T22:00"),
        ("2026-04-01T00:00", "UTC", "2026-03", "2026-03-01T00:00"),
        ("2026-01-01T00:15", "Asia/Kathmandu", "2026-01 so far", "2025-12-31T18:15"),
    ],
)
def test_the_running_month_begins_at_midnight_of_a_place(
    at: str, zone: str, name: str, start: str
) -> None:
    span = running_month(utc(at), zone)
    assert (span.name, span.start, span.end) == (name, utc(start), utc(at))


def test_the_last_month_is_whole() -> None:
    span = last_month(utc("2026-11-21T09:00"), "Europe/Berlin")
    assert (span.name, span.start, span.end) == (
        "2026-10",
        utc("2026-09-30T22:00"),
        utc("2026-10-31T23:00"),
    )
    january = last_month(utc("2026-01-31T00:00"), "UTC")
    assert (january.name, january.start) == ("2025-12", utc("2025-12-01T00:00"))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Berlin", date(2026, 10, 24), 24),
        ("UTC", date(2026, 10, 25), 24),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ],
)
def test_a_day_has_as_many_hours_as_its_place_gives_it(zone: str, day: date, hours: float) -> None:
    days = {d: end - begin for d, begin, end in last_month(utc("2026-11-10T00:00"), zone).days()}
    assert len(days) == 31
    assert days[day] == timedelta(hours=hours)


def test_a_rolling_period_has_parts_of_days_at_both_ends() -> None:
    span = own_period(SWIPE_LATENCY, utc("2026-04-15T12:00"), "UTC", timedelta(days=2))
    assert span.name == "2d"
    lengths = [(end - begin) / timedelta(hours=1) for _, begin, end in span.days()]
    assert lengths == [12, 24, 12]


@pytest.mark.parametrize(
    ("unit", "first", "name", "start"),
    [
        (CalendarUnit.WEEK, date(2026, 1, 5), "week from 2026-04-13", "2026-04-12T22:00"),
        (CalendarUnit.MONTH, date(2026, 1, 1), "month from 2026-04-01", "2026-03-31T22:00"),
        (CalendarUnit.QUARTER, date(2026, 1, 1), "quarter from 2026-04-01", "2026-03-31T22:00"),
    ],
)
def test_a_calendar_period_has_the_zone_of_its_slo(
    unit: CalendarUnit, first: date, name: str, start: str
) -> None:
    calendar = Calendar(unit, first, "Europe/Berlin")
    slo = replace(SWIPE_LATENCY, period=calendar, burn_windows=())
    span = own_period(slo, utc("2026-04-15T12:00"), "America/New_York")
    assert (span.name, span.start, span.zone) == (name, utc(start), "Europe/Berlin")
