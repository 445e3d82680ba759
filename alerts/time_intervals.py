"""Whether a moment lies in a time interval, as Alertmanager reads it.

Source: `TimeInterval.ContainsTime` of Alertmanager's package `timeinterval`.
"""

from __future__ import annotations

from calendar import monthrange
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

# Alertmanager counts the days of a week from Sunday.
WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)


def contains(interval: Mapping[str, Any], moment: datetime) -> bool:
    """Tell whether a moment, aware of its zone, is in an entry of a named time interval.

    Raises ValueError for a field that Alertmanager does not have.
    """
    fields = {name: entries for name, entries in interval.items() if name != "location"}
    if unknown := fields.keys() - FIELDS.keys():
        raise ValueError(f"no field of a time interval: {', '.join(sorted(unknown))}")
    local = moment.astimezone(ZoneInfo(interval.get("location", "UTC")))
    return all(
        any(FIELDS[name](entry, local) for entry in entries) for name, entries in fields.items()
    )


def _at(entry: Mapping[str, str], local: datetime) -> bool:
    begin, end = _minute(entry["start_time"]), _minute(entry["end_time"])
    return begin <= local.hour * 60 + local.minute < end


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _weekday(entry: str, local: datetime) -> bool:
    begin, end = _range(entry, WEEKDAYS.index)
    return begin <= local.isoweekday() % 7 <= end


def _month(entry: str, local: datetime) -> bool:
    begin, end = _range(entry, lambda text: MONTHS.index(text) + 1)
    return begin <= local.month <= end


def _day_of_month(entry: str, local: datetime) -> bool:
    last = monthrange(local.year, local.month)[1]
    # -1 is the last day of a month.
    begin, end = (day if day > 0 else last + day + 1 for day in _range(entry, int))
    return begin <= local.day <= end


def _year(entry: str, local: datetime) -> bool:
    begin, end = _range(entry, int)
    return begin <= local.year <= end


def _range(entry: str, number: Callable[[str], int]) -> tuple[int, int]:
    begin, _, end = str(entry).lower().partition(":")
    first, last = (
        int(text) if text.lstrip("-").isdigit() else number(text) for text in (begin, end or begin)
    )
    return first, last


FIELDS: dict[str, Callable[[Any, datetime], bool]] = {
    "times": _at,
    "weekdays": _weekday,
    "months": _month,
    "days_of_month": _day_of_month,
    "years": _year,
}
