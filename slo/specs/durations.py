"""Durations and time windows of specs.

OpenSLO's shorthand is a number and one of m, h, d, w, M, Q, Y. Rolling over a month is 30 days,
over a quarter 90, over a year 365. Windows of the calendar are 1w, 1M and 1Q. `startTime` says from
when an SLO counts: weeks begin on Monday and months on the first, and the first period is the one
that begins next, at that moment or after it. A start in the middle of a period is told as a note.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from slo.model import Calendar, CalendarUnit
from slo.promql import duration

if TYPE_CHECKING:
    from slo.specs.locate import Place

SHORTHAND = re.compile(r"([1-9]\d{0,5})([mhdwMQY])")
PROMQL = re.compile(r"([1-9]\d{0,8})([smhdw])")
DAY = timedelta(days=1)
UNITS = {
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": DAY,
    "w": 7 * DAY,
    "M": 30 * DAY,
    "Q": 90 * DAY,
    "Y": 365 * DAY,
}
CALENDAR = {"1w": CalendarUnit.WEEK, "1M": CalendarUnit.MONTH, "1Q": CalendarUnit.QUARTER}
CALENDAR_TEXT = {unit: text for text, unit in CALENDAR.items()}
YEARS = range(1970, 2200)
START = "%Y-%m-%d %H:%M:%S"


def shorthand(place: Place) -> timedelta | None:
    """Read a duration like 28d."""
    text = place.text()
    if text is None:
        return None
    if found := SHORTHAND.fullmatch(text):
        return int(found[1]) * UNITS[found[2]]
    place.wrong(f"{text!r} is no duration; a number and one of m h d w M Q Y, like 28d")
    return None


def exact(text: str) -> timedelta:
    """Read a duration as rules write it, like 90s; raises ValueError for another text."""
    if not (found := PROMQL.fullmatch(text)):
        raise ValueError(f"{text!r} is no duration, like 5m")
    return int(found[1]) * UNITS[found[2]]


def time_window(place: Place) -> timedelta | Calendar | None:
    """Read the one time window of an SLO."""
    windows = place.items()
    if len(windows) != 1:
        place.wrong(f"there are {len(windows)} time windows; give one")
        return None
    given = windows[0].fields("isRolling calendar", "duration")
    rolling = given["isRolling"].flag() if "isRolling" in given else "calendar" not in given
    if "duration" not in given or rolling is None:
        return None
    if rolling == ("calendar" in given):
        windows[0].wrong(
            "a rolling window has no calendar; give isRolling: false or leave calendar out"
            if rolling
            else "isRolling is false, so give a calendar with startTime and timeZone"
        )
        return None
    if rolling:
        return shorthand(given["duration"])
    return _calendar(given["duration"], given["calendar"])


def _calendar(length: Place, place: Place) -> Calendar | None:
    given = place.fields("", "startTime timeZone")
    text = length.text()
    if text is not None and text not in CALENDAR:
        length.wrong(f"{text!r} is no window of the calendar here; 1w, 1M or 1Q")
    zone = given["timeZone"].text() if "timeZone" in given else None
    start = _start(given["startTime"]) if "startTime" in given else None
    if text not in CALENDAR or zone is None or start is None:
        return None
    first = _first(CALENDAR[text], start)
    try:
        found = Calendar(CALENDAR[text], first, zone)
    except ValueError as error:
        given["timeZone"].wrong(str(error))
        return None
    if datetime.combine(first, datetime.min.time()) != start:
        given["startTime"].note(f"no {found.unit} begins at {start}; it counts from {first} on")
    return found


def _start(place: Place) -> datetime | None:
    text = place.text()
    if text is None:
        return None
    try:
        found = datetime.strptime(text, START)  # noqa: DTZ007  # the zone is another field
    except ValueError:
        found = None
    if found is not None and found.year in YEARS:
        return found
    place.wrong(f"{text!r} is no moment of these years; write it like 2026-01-01 00:00:00")
    return None


def _first(unit: CalendarUnit, start: datetime) -> date:
    """Return the first day, at or after a moment, on which a period begins."""
    day = start.date()
    if start.time() != datetime.min.time():
        day += DAY
    while not _begins(unit, day):
        day += DAY
    return day


def _begins(unit: CalendarUnit, day: date) -> bool:
    if unit is CalendarUnit.WEEK:
        return day.weekday() == 0
    return day.day == 1 and (unit is CalendarUnit.MONTH or day.month % 3 == 1)


def rolling_text(period: timedelta) -> str:
    """Write a rolling window in OpenSLO's shorthand; raises ValueError for parts of a minute."""
    text = duration(period)
    if text.endswith("s"):
        raise ValueError(f"a period of {text} is no whole number of minutes")
    return text
