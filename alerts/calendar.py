"""Periods of the calendar in PromQL, which knows no months of a place."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from slo import conventions
from slo.model import CalendarUnit
from slo.promql import duration, labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.model import Calendar, Slo

# Rules are rendered anew long before.
YEARS = 10
MONTHS = {CalendarUnit.MONTH: 1, CalendarUnit.QUARTER: 3}
# The longest period of each kind, and an hour for the end of summer time.
LONGEST = {
    CalendarUnit.WEEK: timedelta(days=7, hours=1),
    CalendarUnit.MONTH: timedelta(days=31, hours=1),
    CalendarUnit.QUARTER: timedelta(days=92, hours=1),
}


def boundaries(calendar: Calendar) -> Iterator[int]:
    """Yield when each period begins, in seconds since 1970, for ten years."""
    zone, day = ZoneInfo(calendar.zone), calendar.first
    while day.year < calendar.first.year + YEARS:
        yield int(datetime.combine(day, time(), zone).timestamp())
        day = _next(calendar.unit, day)


def _next(unit: CalendarUnit, day: date) -> date:
    if unit is CalendarUnit.WEEK:
        return day + timedelta(days=7)
    months = day.month - 1 + MONTHS[unit]
    return day.replace(year=day.year + months // 12, month=months % 12 + 1)


def period_start(calendar: Calendar) -> str:
    """Write when the running period has begun; absent before the first one."""
    begun = (f"(vector({moment}) <= vector(time()))" for moment in boundaries(calendar))
    # A union keeps the first of equals: the latest boundary that has passed comes first.
    return " or ".join(reversed(list(begun)))


def period_sums(slo: Slo, series: str, tile: timedelta) -> str:
    """Add up the samples of a recorded series since the running period has begun."""
    calendar = slo.period
    assert not isinstance(calendar, timedelta)  # noqa: S101  # rolling periods need none of this
    identity = labels(conventions.identity(slo))
    selected = f"{series}{identity}"
    start = f"{conventions.PERIOD_START}{identity} @ end()"
    since = f"(timestamp({selected}) > bool on ({conventions.ID}) group_left () {start})"
    span = f"{duration(LONGEST[calendar.unit])}:{duration(tile)}"
    return f"sum_over_time(({selected} * {since})[{span}])"
