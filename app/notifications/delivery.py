"""Delivering one event through the channels that want it."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.notifications.events import DeliveryError, UndeliverableError
from app.telemetry.catalog import BROKER, DELIVERED, GIVEN_UP, SPAN_CHANNEL, SPAN_EVENT
from app.telemetry.tracing import Kind, span
from app.telemetry.w3c import read_parent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from app.notifications.events import Channel, Event
    from app.telemetry.instruments import DispatchInstruments
    from app.telemetry.tracing import Span, Tracer

    # Stores which channels have the event.
    Progress = Callable[[Sequence[str]], Awaitable[object]]

LONGEST_DELAY_SECONDS = 900.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Retries:
    """How often an event is tried, and how long it waits in between."""

    attempts: int
    base_seconds: float

    def delay(self, attempt: int) -> timedelta:
        """Return the wait after an attempt: doubled each time, and never the same for all."""
        longest = min(LONGEST_DELAY_SECONDS, self.base_seconds * 2 ** (attempt - 1))
        # Half of it at least, so that what is down gets some rest.
        return timedelta(seconds=longest * random.uniform(0.5, 1.0))  # noqa: S311  # no secret


@dataclass(slots=True)
class Outcome:
    """What an attempt has come to: who has the event, and why others have not."""

    done: list[str]
    failed: dict[str, str] = field(default_factory=dict)
    hopeless: bool = True

    @property
    def end(self) -> str:
        """Name the end of an event that is not tried again; empty when it is not ours to count.

        What a broker has is on its way: whoever takes it from there counts its end. An address
        that can never be reached is its owner's, as a bad request is.
        """
        if self.failed:
            return "" if self.hopeless else GIVEN_UP
        return "" if BROKER in self.done else DELIVERED

    @property
    def error(self) -> str:
        """Say in one line what failed."""
        return "; ".join(f"{channel}: {reason}" for channel, reason in self.failed.items())


async def attempt(
    event: Event, channels: Sequence[Channel], seconds: float, progress: Progress
) -> Outcome:
    """Try every channel that wants the event and does not have it, for so long in all.

    One channel that fails does not keep the event from the others.
    """
    outcome = Outcome(list(event.channels_done))
    left = [c for c in channels if c.wants(event) and c.name not in event.channels_done]
    deadline = asyncio.get_running_loop().time() + seconds
    for channel in left:
        try:
            async with asyncio.timeout_at(deadline):
                with span(f"{SPAN_CHANNEL} {channel.name}", Kind.PRODUCER):
                    await channel.deliver(event)
        except Exception as error:  # noqa: BLE001  # whatever a channel raises, the event waits
            outcome.failed[channel.name] = _reason(error)
            outcome.hopeless &= isinstance(error, UndeliverableError)
            continue
        outcome.done.append(channel.name)
        if channel is not left[-1]:
            await progress(outcome.done)
    return outcome


def count(instruments: DispatchInstruments, event: Event, outcome: Outcome, given_up: bool) -> None:
    """Count what became of an attempt."""
    for channel in outcome.done:
        if channel not in event.channels_done:
            instruments.attempts[channel]["delivered"].inc()
    for channel in outcome.failed:
        instruments.attempts[channel]["dead" if given_up else "retried"].inc()
    if outcome.failed:
        what = "given up" if given_up else "to be retried"
        # Not as `email: reason`, which reads like an address to whoever takes those out of lines.
        why = ", ".join(f"{reason} (by {channel})" for channel, reason in outcome.failed.items())
        logger.warning("event %s (%s) is %s: %s", event.id, event.kind, what, why)


def count_end(instruments: DispatchInstruments, event: Event, outcome: str) -> None:
    """Count how long an event took to its end, if the service is to answer for it."""
    if not outcome:
        return
    age = (datetime.now(UTC) - event.created_at).total_seconds()
    instruments.delivery_seconds[event.topic][outcome].observe(max(0.0, age))


def begin_delivery(tracer: Tracer, event: Event) -> Span:
    """Begin the trace of a delivery, as part of the one in which the event was written."""
    remote = read_parent((event.traceparent or "").encode())
    root = tracer.begin(f"{SPAN_EVENT} {event.topic}", Kind.CONSUMER, remote)
    root.attributes = {
        "messaging.system": "petswipe",
        "messaging.destination.name": "outbox",
        "messaging.operation.type": "process",
        "messaging.message.id": str(event.id),
    }
    return root


def _reason(error: Exception) -> str:
    # The words of a library may repeat an address with a password in it; ours do not.
    if isinstance(error, DeliveryError):
        return str(error)
    return "timed out" if isinstance(error, TimeoutError) else type(error).__name__
