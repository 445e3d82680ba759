"""Traffic that a Prometheus has recorded, minute by minute, as the rules of an SLO count it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from slo.growth import events_in_tile
from slo.indicators import RawSli, SliceSli, decimal, error_ratio
from slo.model import CompositeSli
from slo.prometheus import QueryError
from slo.promql import labels
from slo.traffic import Traffic
from slo.windows import MINUTE, tile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.indicators import Counted
    from slo.model import Slo
    from slo.prometheus import Prometheus, Series

    Labels = tuple[tuple[str, str], ...]
    Rows = dict[Labels, list[float]]

# Prometheus answers with at most 11 000 points; a day of minutes also keeps what it holds in
# memory small.
PIECE = timedelta(days=1)
SMALLEST_PIECE = timedelta(minutes=30)
TOO_MUCH = "too many samples"
# Rules ask a ratio that comes without events for windows up to here, and average it over longer.
DIRECT = timedelta(hours=2)
CURRENT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole minutes from one moment to another."""

    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        """Return how many minutes it has."""
        return int((self.end - self.start) / MINUTE)

    def pieces(self, step: timedelta) -> Iterator[tuple[datetime, datetime]]:
        """Yield first and last moments to ask for; each is the end of a tile."""
        every = step.total_seconds()
        first = (self.start.timestamp() // every + 1) * every
        begin = datetime.fromtimestamp(first, UTC)
        while begin <= self.end:
            yield begin, min(self.end, begin + PIECE - step)
            begin += PIECE // step * step


def recorded(slo: Slo, prometheus: Prometheus, span: Span) -> list[Traffic]:
    """Read the traffic of an SLO, of each of its groups; empty where nothing is known.

    Raises PrometheusError when Prometheus cannot be asked.
    """
    if isinstance(slo.sli, RawSli):
        return _ratios(slo, slo.sli, prometheus, span)
    if not isinstance(slo.sli, CompositeSli):
        return _counted(slo, slo.sli, prometheus, span)
    groups: dict[str, list[tuple[float, Traffic]]] = {}
    for part in slo.sli.parts:
        for traffic in _counted(slo, part.sli, prometheus, span):
            groups.setdefault(traffic.name, []).append((float(part.weight), traffic))
    return [_together(name, tuple(parts)) for name, parts in groups.items()]


def _together(name: str, parts: tuple[tuple[float, Traffic], ...]) -> Traffic:
    return Traffic(
        name,
        [sum(row) for row in zip(*(part.total for _, part in parts), strict=True)],
        [sum(row) for row in zip(*(part.bad for _, part in parts), strict=True)],
        begins=parts[0][1].begins,
        parts=parts,
        missing=min(part.missing for _, part in parts),
    )


def _counted(slo: Slo, sli: Counted, prometheus: Prometheus, span: Span) -> list[Traffic]:
    total_query, bad_query = event_queries(slo, sli)
    totals = _read(total_query, tile(slo), prometheus, span)
    bads = _read(bad_query, tile(slo), prometheus, span)
    return [
        _traffic(slo, key, row, bads.get(key, [math.nan] * len(row)), span)
        for key, row in sorted(totals.items())
    ]


def _traffic(slo: Slo, key: Labels, total: list[float], bad: list[float], span: Span) -> Traffic:
    known = sum(not math.isnan(value) for value in total) * int(tile(slo) / MINUTE)
    return Traffic(
        labels(dict(key)) if key else "recorded",
        [value if math.isfinite(value) else 0.0 for value in total],
        [value if math.isfinite(value) else 0.0 for value in bad],
        begins=span.start,
        # A slice without events is none, so only its own minutes tell what is missing.
        missing=0 if isinstance(slo.sli, SliceSli) else span.minutes - known,
    )


def event_queries(slo: Slo, sli: Counted) -> tuple[str, str]:
    """Write what counts all events of a tile, and the bad ones, from the series of the service."""
    if isinstance(sli, SliceSli):
        total, bad = _tile_queries(slo, sli, sli.length)
        limit = decimal(1 - sli.target)
        return f"0 * (({total}) > 0) + 1", f"({bad}) / (({total}) > 0) > bool {limit}"
    return _tile_queries(slo, sli, tile(slo))


def _tile_queries(slo: Slo, sli: Counted, length: timedelta) -> tuple[str, str]:
    counted = sli.of if isinstance(sli, SliceSli) else sli
    total, _ = events_in_tile(counted, length, slo.scrape_interval, slo.group_by, "")
    _, bad = events_in_tile(counted, length, slo.scrape_interval, slo.group_by, f"({total})")
    return total, bad


def _ratios(slo: Slo, sli: RawSli, prometheus: Prometheus, span: Span) -> list[Traffic]:
    """Read a ratio over each window: a minute that has one counts as one event."""
    lengths = {length for pair in slo.burn_windows for length in (pair.short, pair.long)}
    asked = sorted(length for length in {CURRENT, *lengths} if length <= DIRECT)
    read = {length: _read(error_ratio(sli, length), MINUTE, prometheus, span) for length in asked}
    return [
        Traffic(
            labels(dict(key)) if key else "recorded",
            [float(not math.isnan(ratio)) for ratio in current],
            [0.0 if math.isnan(ratio) else ratio for ratio in current],
            begins=span.start,
            ratios={
                length: rows.get(key, [math.nan] * span.minutes) for length, rows in read.items()
            },
            missing=sum(math.isnan(ratio) for ratio in current),
        )
        for key, current in sorted(read[CURRENT].items())
    ]


def _read(query: str, step: timedelta, prometheus: Prometheus, span: Span) -> Rows:
    """Evaluate a query at the end of every tile; NaN where it has no value."""
    rows: Rows = {}
    for begin, end in span.pieces(step):
        for series in _ask(query, begin, end, step, prometheus):
            key = tuple(sorted((k, v) for k, v in series.labels.items() if k != "__name__"))
            row = rows.setdefault(key, [math.nan] * span.minutes)
            for at, value in series.points:
                row[round((at - span.start.timestamp()) / 60) - 1] = value
    return rows


def _ask(
    query: str, begin: datetime, end: datetime, step: timedelta, prometheus: Prometheus
) -> Iterator[Series]:
    """Ask for a piece, or for half of it at a time where Prometheus says that it is too much."""
    try:
        found = prometheus.range(query, begin, end, step)
    except QueryError as error:
        if TOO_MUCH not in str(error) or end - begin < max(SMALLEST_PIECE, 2 * step):
            raise
        middle = begin + (end - begin) // (2 * step) * step
        yield from _ask(query, begin, middle, step, prometheus)
        yield from _ask(query, middle + step, end, step, prometheus)
    else:
        yield from found
