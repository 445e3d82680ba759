"""The PromQL that counts the events of an indicator exactly, for reports."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from slo.indicators import LatencySli, RatioSli

if TYPE_CHECKING:
    from slo.promql import Selector


@dataclass(frozen=True, slots=True)
class Rolling:
    """A period that ends at a moment; counts survive restarts and are extrapolated to its edges."""

    period: timedelta
    end: datetime

    def count(self, selector: Selector) -> str:
        """Count the events that the selector counts, over all its series."""
        return f"sum(increase({selector.over(self.period)} @ {timestamp(self.end)}))"

    def resets(self, _: Selector) -> str | None:
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

    def count(self, selector: Selector) -> str:
        """Count the events that the selector counts, over all its series."""
        before = f"sum({selector} @ {timestamp(self.start)})"
        return f"sum({selector} @ {timestamp(self.end)}) - ({before} or vector(0))"

    def resets(self, selector: Selector) -> str | None:
        """Count the series that began again from zero, and those that were gone at the end."""
        whole = timedelta(seconds=max(1, math.ceil((self.end - self.start).total_seconds())))
        seen = f"{selector.over(whole)} @ {timestamp(self.end)}"
        gone = f"count(last_over_time({seen}) unless {selector} @ {timestamp(self.end)})"
        return f"sum(resets({seen})) + ({gone} or vector(0))"


Window = Rolling | Between


def total_events(sli: RatioSli | LatencySli, window: Window) -> str:
    """Count all events of the window."""
    return window.count(sli.total)


def bad_events(sli: RatioSli | LatencySli, window: Window) -> str:
    """Count the bad events of the window: 0, and not absent, while none happened."""
    match sli:
        case RatioSli():
            return f"({window.count(sli.bad_events)}) or 0 * ({window.count(sli.total)})"
        case LatencySli():
            return f"({window.count(sli.total)}) - ({window.count(sli.good_events)})"


def timestamp(moment: datetime) -> str:
    """Write a moment as PromQL's `@` takes it: seconds since 1970, with milliseconds."""
    return f"{moment.timestamp():.3f}"
