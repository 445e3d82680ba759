"""Carries events from the outbox to their users: at least once, in the order of each user."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from app.accounts.sessions import count_active_sessions
from app.notifications.claims import bury, claim, finish, measure, note_progress, put_back
from app.notifications.delivery import attempt, begin_delivery, count, count_end
from app.notifications.housekeeping import tidy
from app.telemetry.catalog import GIVEN_UP
from app.telemetry.process import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.delivery import Retries
    from app.notifications.events import Channel, Event
    from app.telemetry.instruments import DispatchInstruments
    from app.telemetry.tracing import Tracer

# Of as many users; their channels are waited for side by side.
IN_FLIGHT = 20
POLL_SECONDS = 0.5
MEASURE_SECONDS = 5.0
TIDY_SECONDS = 300.0
LONGEST_PAUSE_SECONDS = 15.0
DRAIN_SECONDS = 10.0
# What is left of a lease is for storing the outcome.
LEASE_SHARE = 0.8
logger = logging.getLogger(__name__)


class Dispatcher:
    """One of any number of dispatchers of the same outbox."""

    def __init__(
        self,
        engine: AsyncEngine,
        channels: Sequence[Channel],
        instruments: DispatchInstruments,
        retries: Retries,
        lease_seconds: float,
        tracer: Tracer = SILENT,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        """Take the pool and the channels, in the order in which they are tried."""
        self._tracer = tracer
        self._engine = engine
        self._channels = channels
        self._instruments = instruments
        self._retries = retries
        self._lease = timedelta(seconds=lease_seconds)
        self._poll_seconds = poll_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Dispatch until asked to stop, then finish the events in hand.

        A database that is away is waited for.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._dispatch(stop))
            group.create_task(_repeat(self._measure, MEASURE_SECONDS, stop))
            group.create_task(_repeat(self._tidy, TIDY_SECONDS, stop))

    async def _dispatch(self, stop: asyncio.Event) -> None:
        in_hand: set[asyncio.Task[None]] = set()
        failures = 0
        stopping = asyncio.ensure_future(stop.wait())
        while not stop.is_set():
            claimed: list[Event] = []
            pause = self._poll_seconds
            try:
                if len(in_hand) < IN_FLIGHT:
                    claimed = await claim(self._engine, IN_FLIGHT - len(in_hand), self._lease)
                failures = 0
            except Exception as error:  # noqa: BLE001  # the driver raises many kinds
                failures += 1
                pause = min(LONGEST_PAUSE_SECONDS, self._poll_seconds * 2**failures)
                logger.warning(
                    "no events can be claimed (%s); trying again in %.1f s",
                    _reason(error),
                    pause,
                )
            in_hand |= {asyncio.create_task(self._handle(event)) for event in claimed}
            done, _ = await asyncio.wait(
                {*in_hand, stopping}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
            )
            in_hand -= done
        if in_hand:
            _, late = await asyncio.wait(in_hand, timeout=DRAIN_SECONDS)
            for task in late:
                task.cancel()

    async def _handle(self, event: Event) -> None:
        root, error = begin_delivery(self._tracer, event), ""
        try:
            await self._deliver(event)
        except Exception as failure:  # noqa: BLE001  # its lease runs out, and it is claimed again
            error = type(failure).__name__
            logger.warning("event %s is left to its lease: %s", event.id, _reason(failure))
        finally:
            self._tracer.end(root, error)

    async def _deliver(self, event: Event) -> None:
        if event.attempts > self._retries.attempts:
            # Nobody came back from the last attempt to say how it went.
            if await bury(self._engine, event, event.channels_done, "never reported back"):
                count_end(self._instruments, event, GIVEN_UP)
            return

        async def progress(done: Sequence[str]) -> None:
            await note_progress(self._engine, event, done)

        seconds = self._lease.total_seconds() * LEASE_SHARE
        outcome = await attempt(event, self._channels, seconds, progress)
        given_up = outcome.hopeless or event.attempts == self._retries.attempts
        if not outcome.failed:
            stored = await finish(self._engine, event, outcome.done)
        elif given_up:
            stored = await bury(self._engine, event, outcome.done, outcome.error)
        else:
            delay = self._retries.delay(event.attempts)
            stored = await put_back(self._engine, event, outcome.done, delay, outcome.error)
        count(self._instruments, event, outcome, given_up)
        if stored and (given_up or not outcome.failed):
            count_end(self._instruments, event, outcome.end)

    async def _measure(self) -> None:
        told = self._instruments
        gauges = (told.waiting, told.oldest_seconds, told.dead, told.active_sessions)
        # Until it is known again: the last number would page, or reassure, for ever.
        numbers: tuple[float, ...] = (math.nan,) * len(gauges)
        try:
            numbers = (*await measure(self._engine), await count_active_sessions(self._engine))
        finally:
            for gauge, number in zip(gauges, numbers, strict=True):
                gauge.set(number)

    async def _tidy(self) -> None:
        begun = time.monotonic()
        gone = await tidy(self._engine)
        if gone:
            logger.info("%d old rows deleted in %.1f s", gone, time.monotonic() - begun)


async def _repeat(
    task: Callable[[], Coroutine[object, object, None]], seconds: float, stop: asyncio.Event
) -> None:
    """Run a task now and then; one that fails is run again like any other."""
    while not stop.is_set():
        try:
            await task()
        except Exception as error:  # noqa: BLE001  # the driver raises many kinds
            logger.warning("%s failed: %s", task.__name__.strip("_"), _reason(error))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


def _reason(error: Exception) -> str:
    if isinstance(error, DBAPIError):
        # PostgreSQL's own first line has no values in it, nor an address.
        return str(error.orig).partition("\n")[0]
    return type(error).__name__
