"""How much counters grew in one tile of time, so that tiles add up to the very events.

`increase` alone would not do: it extrapolates, counts the first failure of a counter that stood at
zero as 0.8 of one, and sees nothing of what happened while a target was too busy to be scraped.
"""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import (
    LatencySli,
    ProbeSli,
    QuerySli,
    RatioSli,
    aggregate,
    decimal,
)
from slo.promql import PLACEHOLDER, duration, expand

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo.indicators import Simple

# A target may miss scrapes for so long, and nothing of what it counted meanwhile is lost.
REMEMBERED = timedelta(minutes=3)
REMEMBERED_SCRAPES = 4
# How often a probe is asked.
PROBED = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
RATE = re.compile(r"\bi?rate\s*\(")
STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`"
COUNTER = re.compile(
    rf"\b(?:rate|increase)\s*\(\s*(?P<selector>[a-zA-Z_:][\w:]*\s*(?:\{{(?:[^{{}}\"'`]|{STRING})*\}})?)"
    rf"\s*\[\s*{PLACEHOLDER.pattern}\s*\]\s*\)"
)


def grown(selector: str, tile: timedelta, scrape: timedelta) -> str:
    """Write how much each counter grew from the last scrape before a tile to the last one in it.

    A difference of two readings, each of the last sample, so that one tile begins where the other
    ends. A counter that began again goes by `increase`, which knows what it had before; one that is
    new, or was lost for long, by what it grew since it was first seen.
    """
    length = duration(tile)
    remembered = duration(max(REMEMBERED, scrape * REMEMBERED_SCRAPES))
    now = f"last_over_time({selector}[{remembered}])"
    seen = f"{selector}[{duration(tile + scrape)}]"
    return (
        f"(increase({seen}) * {decimal(_share(tile, scrape))} and resets({seen}) > 0"
        f" or {now} - last_over_time({selector}[{remembered}] offset {length}) >= 0"
        f" or max_over_time({selector}[{length}]) - min_over_time({selector}[{length}]))"
    )


def events_in_tile(
    sli: Simple, tile: timedelta, scrape: timedelta, by: Sequence[str], recorded: str
) -> tuple[str, str]:
    """Write how many events a tile had, and how many of them were bad: 0 while none were.

    `recorded` selects what the first of the two has just recorded, so that the second need not
    count it again.
    """
    total, other = _counts(sli, tile, scrape, by)
    if isinstance(sli, LatencySli) or (isinstance(sli, QuerySli) and sli.good_query):
        return total, f"clamp_min({recorded} - ({other} or 0 * {recorded}), 0)"
    return total, f"{other} or 0 * {recorded}"


def _counts(sli: Simple, tile: timedelta, scrape: timedelta, by: Sequence[str]) -> tuple[str, str]:
    """Write how many events there were, and how many of the kind that the indicator names."""
    match sli:
        case RatioSli():
            counted = (str(sli.total), str(sli.bad_events))
        case LatencySli():
            counted = (str(sli.total), str(sli.good_events))
        case QuerySli():
            return _query_counts(sli, tile, scrape)
        case ProbeSli():
            return _probe_counts(sli, tile, by)
    total, other = (f"{aggregate(by)}({grown(x, tile, scrape)})" for x in counted)
    return total, other


def _probe_counts(sli: ProbeSli, tile: timedelta, by: Sequence[str]) -> tuple[str, str]:
    total, bad = (f"{aggregate(by)}(({x}) * 0 + 1)" for x in (sli.total_query, sli.bad_query))
    if tile == PROBED:
        return total, bad
    every = f"[{duration(tile)}:{duration(PROBED)}]"
    return f"sum_over_time(({total}){every})", f"sum_over_time(({bad}){every})"


def _query_counts(sli: QuerySli, tile: timedelta, scrape: timedelta) -> tuple[str, str]:
    queries = (sli.total_query, sli.good_query or sli.bad_query)
    total, other = (counting(query, lambda x: grown(x, tile, scrape)) for query in queries)
    if total is not None and other is not None:
        return f"({total})", f"({other})"
    # Read over one scrape more than the tile, so that no event falls between two.
    scale = Fraction(tile / SECOND) if RATE.search(sli.total_query) else _share(tile, scrape)
    total, other = (f"({expand(query, tile + scrape)}) * {decimal(scale)}" for query in queries)
    return total, other


def counting(query: str, count: Callable[[str], str]) -> str | None:
    """Put counts in the place of rates; None where something else uses the window.

    `count` writes how much the counter of a selector grew.
    """
    replaced = COUNTER.sub(lambda found: count(found["selector"]), query)
    return None if PLACEHOLDER.search(replaced) else replaced


def _share(tile: timedelta, scrape: timedelta) -> Fraction:
    return Fraction(tile / SECOND) / Fraction((tile + scrape) / SECOND)
