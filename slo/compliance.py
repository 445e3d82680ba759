"""Whether promises were kept: their own period, the running and the last month, day by day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from slo.calendars import last_month, own_period, running_month
from slo.counting import Count, weighted
from slo.indicators import RawSli, SliceSli
from slo.model import CompositeSli
from slo.report import heeding, judge, page_burns
from slo.tiles import TILE, read_history, tile_end

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from slo.calendars import Span
    from slo.counting import Group
    from slo.model import Slo
    from slo.prometheus import Prometheus
    from slo.report import SloResult
    from slo.tiles import ByPart, History, Tiles

# A mean of ratios has no events, and slices without events are none: there is nothing to miss.
UNCOUNTED = (RawSli, SliceSli)


@dataclass(frozen=True, slots=True)
class Day:
    """One day of a span: its events, and which share of the span's error budget it spent.

    All days add up to what the span has spent. None is what nobody knows.
    """

    day: date
    total: Fraction | None
    bad: Fraction | None
    spent: Fraction | None


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise in one span: the result, its days, and what the reader should know of the data."""

    span: Span
    result: SloResult
    days: tuple[Day, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compliance:
    """One SLO, or one group of it, in all spans; `source` tells where the events are from."""

    slo: Slo
    name: str
    source: str
    spans: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All that was asked for, as of a moment, with months of a zone, and how often was asked."""

    at: datetime
    zone: str
    slos: tuple[Compliance, ...]
    asked: int


def report(
    slos: Sequence[Slo], at: datetime, zone: ZoneInfo, period: timedelta | None, prom: Prometheus
) -> Report:
    """Measure promises up to the last full quarter of an hour; raises PrometheusError.

    `period` takes the place of each SLO's own.
    """
    end = tile_end(at)
    found = [one for slo in slos for one in _slo(slo, end, zone.key, period, prom)]
    return Report(end, zone.key, tuple(found), prom.asked)


def _slo(
    slo: Slo, end: datetime, zone: str, period: timedelta | None, prom: Prometheus
) -> list[Compliance]:
    own = own_period(slo, end, zone, period)
    months = [s for s in (running_month(end, zone), last_month(end, zone)) if s.start != own.start]
    spans = [own, *months]
    history = read_history(slo, min(span.start for span in spans), end, prom)
    burning = page_burns(slo, history.groups, end, prom) if history.groups else {}
    found = []
    for group, parts in sorted(history.groups.items()) or [((), {})]:
        kept = [_kept(slo, span, group, parts, history) for span in spans]
        heeded = heeding(kept[0].result, burning.get(group, ()))
        kept[0] = replace(kept[0], result=heeded)
        found.append(Compliance(slo, kept[0].result.name, history.source, tuple(kept)))
    return found


def _kept(slo: Slo, span: Span, group: Group, parts: ByPart, history: History) -> Kept:
    inside = {name: _within(tiles, span.start, span.end) for name, tiles in parts.items()}
    result = judge(slo, _whole(slo, inside), history.queries, group)
    days = tuple(_day(slo, day, begin, end, inside) for day, begin, end in span.days())
    return Kept(span, result, days, _notes(slo, span, inside))


def _within(tiles: Tiles, begin: datetime, end: datetime) -> Tiles:
    first, last = begin.timestamp(), end.timestamp()
    return {moment: counts for moment, counts in tiles.items() if first < moment <= last}


def _weights(slo: Slo) -> dict[str, Fraction]:
    parts = slo.sli.parts if isinstance(slo.sli, CompositeSli) else ()
    return {part.name: part.weight for part in parts} or {"": Fraction(1)}


def _sums(tiles: Tiles) -> tuple[Fraction, Fraction]:
    total = sum((total for total, _ in tiles.values()), Fraction(0))
    return total, sum((bad for _, bad in tiles.values()), Fraction(0))


def _whole(slo: Slo, parts: ByPart) -> Count:
    counts = {name: _count(slo, parts.get(name, {}), name) for name in _weights(slo)}
    if isinstance(slo.sli, CompositeSli):
        return weighted((weight, counts[name]) for name, weight in _weights(slo).items())
    return counts[""]


def _count(slo: Slo, tiles: Tiles, part: str) -> Count:
    if not tiles:
        return Count(missing=f"{part}: no data" if part else "no data")
    total, bad = _sums(tiles)
    return Count(ratio=bad / total) if isinstance(slo.sli, RawSli) else Count(total, bad)


def _day(slo: Slo, day: date, begin: datetime, end: datetime, parts: ByPart) -> Day:
    """Divide a day's bad events by what the whole span allows of them."""
    inside = {name: _within(tiles, begin, end) for name, tiles in parts.items()}
    if not any(inside.values()):
        return Day(day, None, None, None)
    sums = {name: _sums(tiles) for name, tiles in parts.items()}
    known = {name: w for name, w in _weights(slo).items() if sums.get(name, (0, 0))[0] > 0}
    whole = sum(known.values())
    spent = [
        weight / whole * _sums(inside[name])[1] / (sums[name][0] * slo.budget)
        for name, weight in known.items()
    ]
    share = sum(spent, Fraction(0)) if known else None
    if isinstance(slo.sli, CompositeSli | RawSli):
        return Day(day, None, None, share)
    return Day(day, *_sums(inside[""]), share)


def _notes(slo: Slo, span: Span, parts: ByPart) -> tuple[str, ...]:
    """Tell what the numbers do not cover: the time before the data, and gaps in it."""
    known = {moment for tiles in parts.values() for moment in tiles}
    if not known:
        return ()
    begun = datetime.fromtimestamp(min(known), UTC) - TILE
    missing = int((span.end - begun) / TILE) - len(known)
    notes = (
        [f"no data before {begun.astimezone(ZoneInfo(span.zone)):%Y-%m-%d %H:%M}"]
        if begun > span.start
        else []
    )
    if missing and not isinstance(slo.sli, UNCOUNTED):
        hours = missing * (TILE / timedelta(hours=1))
        notes.append(f"no data for {hours:g} h since" if notes else f"no data for {hours:g} h")
    return tuple(notes)
