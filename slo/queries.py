"""The PromQL that counts the events of an indicator exactly, for reports and for the gate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.growth import COUNTER, PROBED, RATE, SECOND, counting
from slo.indicators import (
    LatencySli,
    ProbeSli,
    QuerySli,
    RatioSli,
    RawSli,
    SliceSli,
    aggregate,
    bad_in,
    decimal,
    error_ratio,
    total_in,
)
from slo.promql import duration, expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.indicators import Counted
    from slo.promql import Selector

# How often a ratio that somebody else computes is looked at, each time over as long.
LOOKED_AT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Rolling:
    """A period that ends at a moment; counts survive restarts and are extrapolated to its edges."""

    period: timedelta
    end: datetime

    def grown(self, selector: Selector | str) -> str:
        """Write how much each counter grew."""
        return f"increase({selector}[{duration(self.period)}] @ {timestamp(self.end)})"

    def count(self, selector: Selector | str, by: Sequence[str] = ()) -> str:
        """Count the events that the selector counts, over all its series or those of a group."""
        return f"{aggregate(by)}({self.grown(selector)})"

    def resets(self, _: Selector | str) -> str | None:
        """Return None: `increase` bridges restarts."""
        return None


@dataclass(frozen=True, slots=True)
class Between:
    """Two moments of one uninterrupted run; counts are exact differences of the counters.

    A series that begins in between counts from zero, as its counter did. `resets` must find none.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.start >= self.end:
            raise ValueError(f"a window must end after it starts: {self.start} … {self.end}")

    @property
    def period(self) -> timedelta:
        """Return how long it is, in whole seconds and never less."""
        return timedelta(seconds=max(1, math.ceil((self.end - self.start).total_seconds())))

    def grown(self, selector: Selector | str) -> str:
        """Write how much each counter grew."""
        now, before = (f"{selector} @ {timestamp(moment)}" for moment in (self.end, self.start))
        return f"({now} - {before} or {now})"

    def count(self, selector: Selector | str, by: Sequence[str] = ()) -> str:
        """Count the events that the selector counts, over all its series or those of a group."""
        return f"{aggregate(by)}({self.grown(selector)})"

    def resets(self, selector: Selector | str) -> str | None:
        """Count the series that began again from zero, and those that were gone at the end.

        One that began again before its first sample of the window has fallen below what it was.
        """
        now, before = (f"{selector} @ {timestamp(moment)}" for moment in (self.end, self.start))
        seen = f"{selector}[{duration(self.period)}] @ {timestamp(self.end)}"
        gone = f"count(last_over_time({seen}) unless {now})"
        fell = f"count({now} - {before} < 0)"
        return f"sum(resets({seen})) + ({gone} or vector(0)) + ({fell} or vector(0))"


Window = Rolling | Between


def total_events(sli: Counted, window: Window, by: Sequence[str] = ()) -> str:
    """Count all events of the window; evaluate it at the window's end."""
    match sli:
        case RatioSli() | LatencySli():
            return window.count(sli.total, by)
        case QuerySli():
            return _queried(sli, window)[0]
        case ProbeSli():
            return _moments(total_in(sli, PROBED, by), window, PROBED)
        case SliceSli():
            return _moments(total_in(sli, sli.length, by), window, sli.length)


def bad_events(sli: Counted, window: Window, by: Sequence[str] = ()) -> str:
    """Count the bad events of the window: 0, and not absent, while none happened."""
    total = total_events(sli, window, by)
    match sli:
        case RatioSli():
            return f"({window.count(sli.bad_events, by)}) or 0 * ({total})"
        case LatencySli():
            return f"({total}) - ({window.count(sli.good_events, by)})"
        case QuerySli():
            counted = _queried(sli, window)[1]
            if sli.bad_query:
                return f"({counted}) or 0 * ({total})"
            return f"clamp_min(({total}) - (({counted}) or 0 * ({total})), 0)"
        case ProbeSli():
            return _moments(bad_in(sli, PROBED, by), window, PROBED)
        case SliceSli():
            return _moments(bad_in(sli, sli.length, by), window, sli.length)


def mean_ratio(sli: RawSli, window: Window) -> str:
    """Average a ratio whose events are unknown over the time of the window."""
    # Each look is a window of its own; one at the very beginning would be of the time before.
    looks = f"[{duration(max(window.period - SECOND, LOOKED_AT))}:{duration(LOOKED_AT)}]"
    return f"avg_over_time(({error_ratio(sli, LOOKED_AT)}){looks} @ {timestamp(window.end)})"


def resets(sli: Counted, window: Window) -> tuple[str, ...]:
    """Count what makes a count inexact, in one query a kind of counter."""
    match sli:
        case RatioSli() | LatencySli():
            selectors = [str(sli.total)]
        case QuerySli():
            queries = (sli.total_query, sli.good_query, sli.bad_query)
            selectors = [
                found["selector"] for query in queries for found in COUNTER.finditer(query)
            ]
        case SliceSli():
            return resets(sli.of, window)
        case ProbeSli():
            return ()
    found_ = (window.resets(selector) for selector in dict.fromkeys(selectors))
    return tuple(query for query in found_ if query)


def _queried(sli: QuerySli, window: Window) -> tuple[str, str]:
    """Count by a team's own queries: exactly where each names its counters, else by its rate."""
    queries = sli.total_query, sli.good_query or sli.bad_query
    total, other = (counting(query, window.grown) for query in queries)
    if total is not None and other is not None:
        return total, other
    seconds = Fraction(window.period / SECOND) if RATE.search(sli.total_query) else Fraction(1)
    total, other = (f"({expand(q, window.period)}) * {decimal(seconds)}" for q in queries)
    return total, other


def _moments(query: str, window: Window, step: timedelta) -> str:
    """Add up what is asked once a step; a step that ends as the window begins is not in it."""
    span = duration(max(window.period - SECOND, step))
    return f"sum_over_time(({query})[{span}:{duration(step)}] @ {timestamp(window.end)})"


def timestamp(moment: datetime) -> str:
    """Write a moment as PromQL's `@` takes it: seconds since 1970, with milliseconds."""
    return f"{moment.timestamp():.3f}"
