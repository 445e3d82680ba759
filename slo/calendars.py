"""Days, weeks, months and quarters of a place, as moments."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from slo.model import CalendarUnit
from slo.promql import duration
from slo.queries import Rolling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.model import Slo

DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
MONTHS = {CalendarUnit.MONTH: 1, CalendarUnit.QUARTER: 3}


@dataclass(frozen=True, slots=True)
class Span:
    """A time that is reported on, and what people call it; its days are those of a place."""

    name: str
    start: datetime
    end: datetime
    zone: str

    def days(self) -> Iterator[tuple[date, datetime, datetime]]:
        """Yield each day, or the part of it that is in the span; one may have 23 or 25 hours."""
        day = self.start.astimezone(ZoneInfo(self.zone)).date()
        while (begin := max(self.start, _midnight(day, self.zone))) < self.end:
            yield day, begin, min(self.end, _midnight(day + DAY, self.zone))
            day += DAY


def running_month(at: datetime, zone: str) -> Span:
    """Return the month that a moment is in, up to it; midnight belongs to the day that it ends."""
    begin = _first_day(CalendarUnit.MONTH, at, zone)
    whole = _midnight((begin + 31 * DAY).replace(day=1), zone) == at
    return Span(f"{begin:%Y-%m}{'' if whole else ' so far'}", _midnight(begin, zone), at, zone)


def last_month(at: datetime, zone: str) -> Span:
    """Return the whole month before the running one."""
    return running_month(running_month(at, zone).start, zone)


def own_period(slo: Slo, at: datetime, zone: str, length: timedelta | None = None) -> Span:
    """Return the period of an SLO that ends at a moment; a calendar one has a zone of its own.

    `length` takes its place.
    """
    period = slo.period if length is None else length
    if isinstance(period, timedelta):
        return Span(duration(period), at - period, at, zone)
    begin = _first_day(period.unit, at, period.zone)
    name = f"{period.unit} from {begin}"
    return Span(name, _midnight(begin, period.zone), at, period.zone)


def own_window(slo: Slo, at: datetime, length: timedelta | None = None) -> Rolling:
    """Return the same period as a window to measure."""
    span = own_period(slo, at, "UTC", length)
    # PromQL knows windows of whole seconds only.
    return Rolling(timedelta(seconds=math.ceil((at - span.start).total_seconds())), at)


def _first_day(unit: CalendarUnit, at: datetime, zone: str) -> date:
    day = (at - INSTANT).astimezone(ZoneInfo(zone)).date()
    if unit is CalendarUnit.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(month=day.month - (day.month - 1) % MONTHS[unit], day=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
