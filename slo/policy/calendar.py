"""Times in which nothing ships: every week, or once, by the clock of a place.

A freeze lasts from the first moment at which the clock there shows its beginning until the last at
which it shows its end: an hour that the clock shows twice is in it twice, and a time that the clock
leaves out is the moment in which it jumps.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.policy.model import Change

WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week, counted from Monday 00:00; an end before the begin is in the next week."""

    begin: timedelta
    end: timedelta

    def spans(self, near: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield what could hold a moment, by the clock, which knows no zone."""
        monday = datetime.combine(near.date() - timedelta(days=near.weekday()), time())
        length = (self.end - self.begin) % WEEK
        for week in (monday - WEEK, monday):
            yield week + self.begin, week + self.begin + length


@dataclass(frozen=True, slots=True)
class Dated:
    """Once, by the clock, which knows no zone."""

    begin: datetime
    end: datetime

    def spans(self, _: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield what could hold a moment."""
        yield self.begin, self.end


@dataclass(frozen=True, slots=True)
class Freeze:
    """A time in which only exempt changes ship, and why."""

    name: str
    reason: str
    zone: str
    when: Weekly | Dated
    exempt: frozenset[Change]

    def until(self, at: datetime) -> datetime | None:
        """Return the end of the freeze that a moment is in, by the clock there; None in none."""
        place = ZoneInfo(self.zone)
        for begin, end in self.when.spans(at.astimezone(place).replace(tzinfo=None)):
            last = _moment(end, place, last=True)
            if _moment(begin, place, last=False) <= at < last:
                return last.astimezone(place)
        return None


def _moment(clock: datetime, place: ZoneInfo, *, last: bool) -> datetime:
    """Return when the clock of a place shows a time: the first moment, or the last."""
    first, second = (clock.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    return _jump(second, first, place) if second < first else (second if last else first)


def _jump(before: datetime, after: datetime, place: ZoneInfo) -> datetime:
    """Return the moment between two others in which the clock jumps."""
    old = before.astimezone(place).utcoffset()
    while after - before > SECOND:
        middle = before + (after - before) / 2
        if middle.astimezone(place).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
