"""How late the event loop is: whatever blocks it makes every request of the process wait."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.telemetry.families import Histogram

# Often enough to meet a stall of 100 ms within a scrape, rarely enough to cost nothing.
EVERY_SECONDS = 0.25


async def measure_lag(histogram: Histogram) -> None:
    """Observe the delay of a timer, again and again until cancelled."""
    while True:
        due = perf_counter() + EVERY_SECONDS
        await asyncio.sleep(EVERY_SECONDS)
        histogram.observe(max(0.0, perf_counter() - due))
