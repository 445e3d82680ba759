"""Values of a policy, as they are written."""

from __future__ import annotations

import difflib
import re
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from slo.policy.model import Change
from slo.promql import duration
from slo.specs.durations import exact
from slo.specs.locate import meant, shown

if TYPE_CHECKING:
    from slo.specs.locate import Place

PERCENT = re.compile(r"(\d{1,3}(?:\.\d{1,6})?) ?%")
WHOLE = re.compile(r"\d{1,15}")
CLOCK = re.compile(r"(\w+) ([01]\d|2[0-3]):([0-5]\d)")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
DATE = "%Y-%m-%d %H:%M"
MOST_LETTERS = 200


def read_name(place: Place) -> str | None:
    """Read a text of one line that is not empty."""
    text = place.text()
    if text is None or (text.strip() and "\n" not in text.strip() and len(text) <= MOST_LETTERS):
        return text.strip() if text else None
    place.wrong(f"give one line of at most {MOST_LETTERS} letters")
    return None


def read_share(place: Place) -> Fraction | None:
    """Read a percentage of the budget, as an exact share of it."""
    text = place.text()
    found = PERCENT.fullmatch(text.strip()) if text is not None else None
    share = Fraction(found[1]) / 100 if found else None
    if share is not None and 0 <= share <= 1:
        return share
    if text is not None:
        place.wrong(f"{shown(text)} is no share of the error budget; 0 % to 100 %, like 25 %")
    return None


def read_duration(place: Place, least: timedelta, most: timedelta) -> timedelta | None:
    """Read a duration like 90s, 5m or 3d within limits."""
    text = place.text()
    if text is None:
        return None
    try:
        found = exact(text)
    except ValueError:
        place.wrong(f"{shown(text)} is no duration; a whole number and one of s m h d w, like 5m")
        return None
    if least <= found <= most:
        return found
    place.wrong(f"{shown(text)} is not from {duration(least)} to {duration(most)}")
    return None


def read_whole(place: Place) -> int | None:
    """Read a whole number, 0 or more."""
    text = place.text()
    if text is None or WHOLE.fullmatch(text):
        return None if text is None else int(text)
    place.wrong(f"{shown(text)} is no whole number, like 1000")
    return None


def read_changes(place: Place) -> frozenset[Change] | None:
    """Read a list of classes of changes that has the way back in it."""
    problems = len(place.findings.problems)
    words = [(item, item.choice(list(Change))) for item in place.items()]
    found: set[Change] = set()
    for item, word in words:
        if word in found:
            item.wrong(f"{word} is named twice; keep one")
        if word is not None:
            found.add(Change(word))
    if len(place.findings.problems) > problems:
        return None
    if Change.ROLLBACK not in found:
        place.wrong("rollback is missing; a gate must not stand in the way back, so add it")
        return None
    return frozenset(found)


def read_zone(place: Place) -> str | None:
    """Read the name of a time zone."""
    text = place.text()
    if text is None:
        return None
    try:
        return ZoneInfo(text).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        place.wrong(f"{shown(text)} is no time zone; {meant(text, _near(text))}")
    return None


def _near(word: str) -> list[str]:
    zones, city = sorted(available_timezones()), word.rpartition("/")[2].lower()
    same = [zone for zone in zones if zone.rpartition("/")[2].lower() == city]
    return same or difflib.get_close_matches(word, zones, 1) or ["Europe/Berlin", "UTC"]


def read_clock(place: Place) -> timedelta | None:
    """Read a time of the week, counted from Monday 00:00."""
    text = place.text()
    if text is None:
        return None
    found = CLOCK.fullmatch(text.strip())
    if found is None:
        place.wrong(f"{shown(text)} is no time of the week; a day and a time, like Fri 16:00")
        return None
    if found[1] not in DAYS:
        place.wrong(f"{shown(found[1])} is no day; {meant(found[1], DAYS)}")
        return None
    day, hours, minutes = DAYS.index(found[1]), int(found[2]), int(found[3])
    return timedelta(days=day, hours=hours, minutes=minutes)


def read_moment(place: Place) -> datetime | None:
    """Read a date and a time, by the clock of a place that is told elsewhere."""
    text = place.text()
    if text is None:
        return None
    try:
        return datetime.strptime(text.strip(), DATE)  # noqa: DTZ007  # the zone is another field
    except ValueError:
        place.wrong(f"{shown(text)} is no date with a time, like 2026-12-18 16:00")
    return None
