"""Freezes by the clock of a place, which jumps twice a year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from slo.policy.calendar import Dated, Freeze, Weekly
from slo.policy.model import Change

ROLLBACK = frozenset({Change.ROLLBACK})
HOUR = timedelta(hours=1)


def clock(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return clock(text).replace(tzinfo=UTC)


def weekly(begin: timedelta, end: timedelta, zone: str = "Europe/Berlin") -> Freeze:
    return Freeze("weekend", "why", zone, Weekly(begin, end), ROLLBACK)


def dated(begin: str, end: str, zone: str = "Europe/Berlin") -> Freeze:
    return Freeze("once", "why", zone, Dated(clock(begin), clock(end)), ROLLBACK)


def days(number: int, hours: int = 0, minutes: int = 0) -> timedelta:
    return timedelta(days=number, hours=hours, minutes=minutes)


WEEKEND = weekly(days(4, 16), days(0, 7))
SUNDAY_NIGHT = weekly(days(6, 1), days(6, 5))


@pytest.mark.parametrize(
    ("at", "frozen"),
    [
        # A Friday of winter: 16:00 in Berlin is 15:00 UTC.
        ("2026-11-20T14:59:59", False),
        ("2026-11-20T15:00:00", True),
        ("2026-11-22T12:00:00", True),
        ("2026-11-23T05:59:59", True),
        ("2026-11-23T06:00:00", False),
        ("2026-11-25T12:00:00", False),
        # One of summer: 14:00 UTC.
        ("2026-07-10T13:59:59", False),
        ("2026-07-10T14:00:00", True),
        ("2026-07-13T04:59:59", True),
        ("2026-07-13T05:00:00", False),
    ],
)
def test_a_weekend_begins_and_ends_by_the_clock_of_its_place(at: str, frozen: bool) -> None:
    assert (WEEKEND.until(utc(at)) is not None) is frozen


@pytest.mark.parametrize(
    ("freeze", "at", "hours"),
    [
        (WEEKEND, "2026-11-20T15:00:00", 63),
        # The clock goes from 02:00 to 03:00, or from 03:00 back to 02:00, in that weekend.
        (WEEKEND, "2026-03-27T15:00:00", 62),
        (WEEKEND, "2026-10-23T14:00:00", 64),
        (SUNDAY_NIGHT, "2026-11-22T00:00:00", 4),
        (SUNDAY_NIGHT, "2026-03-29T00:00:00", 3),
        (SUNDAY_NIGHT, "2026-10-24T23:00:00", 5),
    ],
)
def test_a_weekend_is_longer_or_shorter_when_the_clock_jumps(
    freeze: Freeze, at: str, hours: int
) -> None:
    begin = utc(at)
    assert freeze.until(begin - timedelta(seconds=1)) is None
    assert freeze.until(begin) == begin + hours * HOUR
    assert freeze.until(begin + hours * HOUR - timedelta(seconds=1)) is not None
    assert freeze.until(begin + hours * HOUR) is None


@pytest.mark.parametrize(
    ("begin", "end", "first", "last"),
    [
        # An hour that the clock shows twice is in it twice: 00:30 UTC and 01:30 UTC are 02:30.
        ("2026-10-25T02:30", "2026-10-25T04:00", "2026-10-25T00:30", "2026-10-25T03:00"),
        ("2026-10-25T01:00", "2026-10-25T02:30", "2026-10-24T23:00", "2026-10-25T01:30"),
        # A time that the clock leaves out is the moment of the jump, 01:00 UTC.
        ("2026-03-29T02:30", "2026-03-29T04:00", "2026-03-29T01:00", "2026-03-29T02:00"),
        ("2026-03-29T01:00", "2026-03-29T02:30", "2026-03-29T00:00", "2026-03-29T01:00"),
        ("2026-12-19T16:00", "2027-01-04T07:00", "2026-12-19T15:00", "2027-01-04T06:00"),
    ],
)
def test_dates_hold_all_moments_between_two_times_of_the_clock(
    begin: str, end: str, first: str, last: str
) -> None:
    freeze, second = dated(begin, end), timedelta(seconds=1)
    assert freeze.until(utc(first) - second) is None
    for inside in (utc(first), utc(last) - second):
        until = freeze.until(inside)
        # Python calls no moment of an hour that comes twice equal to one of another zone.
        assert until is not None
        assert until.astimezone(UTC) == utc(last)
    assert freeze.until(utc(last)) is None


def test_another_place_has_another_clock() -> None:
    lord_howe = dated("2026-10-04T02:15", "2026-10-04T03:00", "Australia/Lord_Howe")
    # It jumps by half an hour, from 02:00 to 02:30, at 15:30 UTC.
    assert lord_howe.until(utc("2026-10-03T15:29:59")) is None
    assert lord_howe.until(utc("2026-10-03T15:30:00")) == utc("2026-10-03T16:00:00")


def test_the_end_is_told_by_the_clock_of_the_place() -> None:
    end = WEEKEND.until(utc("2026-11-22T12:00:00"))
    assert end is not None
    assert f"{end:%a %H:%M}" == "Mon 07:00"
