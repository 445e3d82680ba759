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


BLOCK = timedelta(minutes=15)
STEP = timedelta(minutes=1)


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


def period_sums(slo: Slo, series: str) -> str:
    """Add up the samples of a recorded series since the running period has begun.

    Quarters of an hour are added up first, and then those of this period: every zone's midnight is
    the end of one. The running quarter is added minute by minute. Each sample is read once, which a
    subquery of minutes would do three times.
    """
    calendar = slo.period
    assert not isinstance(calendar, timedelta)  # noqa: S101  # rolling periods need none of this
    identity = labels(conventions.identity(slo))
    selected, begun = f"{series}{identity}", f"{conventions.PERIOD_START}{identity} @ end()"
    now, block = f"timestamp({begun})", int(BLOCK.total_seconds())
    # A millisecond less, or a sample between two blocks would be in both.
    whole = _since(f"sum_over_time({selected}[{block * 1000 - 1}ms])", begun)
    fresh = f"({selected} and timestamp({selected}) > time() - {int(STEP.total_seconds())})"
    rest = _since(fresh, f"({now} - {now} % {block})")
    sums = {
        "whole": f"({whole})[{duration(LONGEST[calendar.unit])}:{duration(BLOCK)}]",
        "rest": f"({rest})[{duration(BLOCK)}:{duration(STEP)}]",
    }
    parts = (
        f'label_replace(sum_over_time({subquery}), "span", "{span}", "", "")'
        for span, subquery in sums.items()
    )
    return f"sum without (span) ({' or '.join(parts)})"


def _since(counted: str, moment: str) -> str:
    """Count what is evaluated after a moment, and for the rest 0."""
    return f"{counted} * on ({conventions.ID}) group_left () (time() > bool {moment})"
