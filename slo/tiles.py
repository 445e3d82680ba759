"""The events of an SLO by quarters of an hour, which days and months of every place consist of.

Taken from what the generated rules have recorded, and before they did, from the counters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo import conventions
from slo.growth import SECOND, events_in_tile
from slo.indicators import ProbeSli, RawSli, SliceSli, bad_in, error_ratio, total_in
from slo.model import CompositeSli
from slo.promql import duration, labels
from slo.queries import LOOKED_AT
from slo.windows import tile

if TYPE_CHECKING:
    from slo.counting import Group
    from slo.indicators import Counted
    from slo.model import Slo
    from slo.prometheus import Prometheus

# Every zone's midnight is the end of one.
TILE = timedelta(minutes=15)
# Ten days a query: what Prometheus holds in memory for it stays small.
MOST_TILES = 960
RECORDED, COUNTERS = "recorded rules", "counters"

# By the moment in which a tile ends, in seconds since 1970: all of its events, the bad ones.
Tiles = dict[int, tuple[Fraction, Fraction]]
# Of each group, by the name of the part; an SLO that is no composite has one without a name.
ByPart = dict[str, Tiles]


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an SLO: its groups, where it is from, and what gives it again."""

    groups: dict[Group, ByPart]
    source: str
    queries: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Question:
    """The events of one part, in every tile; without `total` each tile counts as one event."""

    part: str
    total: str
    bad: str


def tile_end(moment: datetime) -> datetime:
    """Return the end of the last tile that is over at a moment."""
    seconds = int(TILE.total_seconds())
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def read_history(slo: Slo, begin: datetime, end: datetime, prometheus: Prometheus) -> History:
    """Read all tiles between two moments that each end one.

    It takes two queries for ten days and part, and as many again where nothing is recorded.
    Raises PrometheusError.
    """
    questions = {RECORDED: _recorded(slo), COUNTERS: _counters(slo)}
    recorded = _read(slo, questions[RECORDED], begin, end, prometheus)
    # Rules that began amid a tile have counted a part of it.
    first = min((t for parts in recorded.values() for x in parts.values() for t in x), default=None)
    known = end if first is None else datetime.fromtimestamp(first, UTC)
    if known <= begin + TILE:
        return History(recorded, RECORDED, _texts(questions[RECORDED]))
    counted = _read(slo, questions[COUNTERS], begin, known, prometheus)
    if first is None:
        return History(counted, COUNTERS, _texts(questions[COUNTERS]))
    source = f"{COUNTERS} until {known:%Y-%m-%d %H:%M} UTC, {RECORDED} since"
    return History(_joined(recorded, counted), source, _texts(questions[RECORDED]))


def _joined(recorded: dict[Group, ByPart], counted: dict[Group, ByPart]) -> dict[Group, ByPart]:
    return {
        group: {
            part: {
                **recorded.get(group, {}).get(part, {}),
                **counted.get(group, {}).get(part, {}),
            }
            for part in {*recorded.get(group, {}), *counted.get(group, {})}
        }
        for group in {*recorded, *counted}
    }


def _texts(questions: list[_Question]) -> dict[str, str]:
    return {
        f"{question.part} {which}".strip(): query
        for question in questions
        for which, query in (("total", question.total), ("bad", question.bad))
        if query
    }


def _recorded(slo: Slo) -> list[_Question]:
    if isinstance(slo.sli, RawSli):
        series = conventions.error_ratio(LOOKED_AT)
        selected = f"{series}{labels(conventions.identity(slo))}"
        return [_Question("", "", f"avg_over_time({selected}{_centred(LOOKED_AT)})")]
    names = conventions.total_events(tile(slo)), conventions.bad_events(tile(slo))
    parts = [p.name for p in slo.sli.parts] if isinstance(slo.sli, CompositeSli) else [""]
    found = []
    for part in parts:
        identity = {**conventions.identity(slo), **({conventions.PART: part} if part else {})}
        span = f"{labels(identity)}{_centred(tile(slo))}"
        total, bad = (f"sum_over_time({name}{span})" for name in names)
        found.append(_Question(part, total, bad))
    return found


def _centred(covered: timedelta) -> str:
    """Select the samples of a tile, each of which covers a while before it, by their middle."""
    # A millisecond less, or a sample between two tiles would be in both.
    window = int(TILE.total_seconds()) * 1000 - 1
    return f"[{window}ms] offset -{duration(covered // (2 * SECOND) * SECOND)}"


def _counters(slo: Slo) -> list[_Question]:
    if isinstance(slo.sli, RawSli):
        looks = f"[{duration(TILE - SECOND)}:{duration(LOOKED_AT)}]"
        return [_Question("", "", f"avg_over_time(({error_ratio(slo.sli, LOOKED_AT)}){looks})")]
    if isinstance(slo.sli, CompositeSli):
        return [_Question(part.name, *_counting(slo, part.sli)) for part in slo.sli.parts]
    return [_Question("", *_counting(slo, slo.sli))]


def _counting(slo: Slo, sli: Counted) -> tuple[str, str]:
    match sli:
        case SliceSli(length=step):
            pass
        case ProbeSli():
            step = timedelta(minutes=1)
        case _:
            total, _ = events_in_tile(sli, TILE, slo.scrape_interval, slo.group_by, "")
            again = f"({total})"
            return total, events_in_tile(sli, TILE, slo.scrape_interval, slo.group_by, again)[1]
    # What ends as the tile begins belongs to the one before.
    span = f"[{duration(TILE - SECOND)}:{duration(step)}]"
    counts = total_in(sli, step, slo.group_by), bad_in(sli, step, slo.group_by)
    total, bad = (f"sum_over_time(({query}){span})" for query in counts)
    return total, bad


def _read(
    slo: Slo, questions: list[_Question], begin: datetime, end: datetime, prometheus: Prometheus
) -> dict[Group, ByPart]:
    found: dict[Group, ByPart] = {}
    for question in questions:
        bads = _ask(slo, question.bad, begin, end, prometheus)
        totals = _ask(slo, question.total, begin, end, prometheus) if question.total else {}
        for group, bad in bads.items():
            total = totals.get(group, {}) if question.total else dict.fromkeys(bad, Fraction(1))
            tiles = {moment: (total[moment], bad[moment]) for moment in bad.keys() & total.keys()}
            if tiles:
                found.setdefault(group, {})[question.part] = tiles
    return found


def _ask(
    slo: Slo, query: str, begin: datetime, end: datetime, prometheus: Prometheus
) -> dict[Group, dict[int, Fraction]]:
    found: dict[Group, dict[int, Fraction]] = {}
    first = begin + TILE
    while first <= end:
        last = min(end, first + (MOST_TILES - 1) * TILE)
        for series in prometheus.range(query, first, last, TILE):
            group = tuple((label, series.labels.get(label, "")) for label in slo.group_by)
            tiles = found.setdefault(group, {})
            for moment, value in series.points:
                if math.isfinite(value):
                    tiles[round(moment)] = tiles.get(round(moment), Fraction(0)) + Fraction(value)
        first = last + TILE
    return found
