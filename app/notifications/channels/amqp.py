"""RabbitMQ as another transport: events are published there, and consumers deliver them."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

import aio_pika
from aio_pika import DeliveryMode, ExchangeType, Message

from app.notifications.claims import find_recipient
from app.notifications.delivery import attempt, begin_delivery, count, count_end
from app.notifications.events import Event
from app.outbox.tables import origin
from app.telemetry.catalog import BROKER
from app.telemetry.process import SILENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from aio_pika.abc import (
        AbstractChannel,
        AbstractExchange,
        AbstractIncomingMessage,
        AbstractQueue,
        AbstractRobustConnection,
    )
    from aiormq.abc import FieldTable
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.delivery import Retries
    from app.notifications.events import Channel
    from app.telemetry.instruments import DispatchInstruments
    from app.telemetry.tracing import Tracer

EXCHANGE = "petswipe.events"
QUEUE = "petswipe.deliveries"
DEAD = "petswipe.dead"
TIMEOUT_SECONDS = 10.0
PAUSE_SECONDS = 1.0
# Of different users; one user's wait for each other.
IN_FLIGHT = 20
logger = logging.getLogger(__name__)


class AmqpChannel:
    """Publishes every event; the broker has confirmed it when `deliver` returns."""

    name = BROKER

    def __init__(self, url: str) -> None:
        """Take the broker's address; nothing connects before the first event."""
        self._url = url
        self._connection: AbstractRobustConnection | None = None
        self._exchange: AbstractExchange | None = None
        self._connecting = asyncio.Lock()

    def wants(self, event: Event) -> bool:
        """Take everything: the consumer knows who is told how."""
        del event
        return True

    async def deliver(self, event: Event) -> None:
        """Publish it under its id, with its kind as the routing key."""
        async with self._connecting:
            if self._exchange is None:
                self._connection = await aio_pika.connect_robust(self._url, timeout=TIMEOUT_SECONDS)
                channel = await self._connection.channel(publisher_confirms=True)
                # With its queue, so that what is published before a consumer comes is kept.
                self._exchange, _ = await _declare(channel)
        message = Message(
            json.dumps({**event.document(), "user_id": str(event.user_id)}).encode(),
            message_id=str(event.id),
            content_type="application/json",
            delivery_mode=DeliveryMode.PERSISTENT,
            headers={"traceparent": origin() or ""},
        )
        await self._exchange.publish(message, event.kind, timeout=TIMEOUT_SECONDS)

    async def aclose(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            await self._connection.close()


class Consumer:
    """Delivers what was published, each user's events one after the other.

    The queue has one active consumer at a time and others stand by, so the order holds. An event
    that is given up goes to the queue of the dead.
    """

    def __init__(
        self,
        url: str,
        engine: AsyncEngine,
        channels: Sequence[Channel],
        instruments: DispatchInstruments,
        retries: Retries,
        attempt_seconds: float,
        tracer: Tracer = SILENT,
    ) -> None:
        """Take the broker's address and the channels, in the order in which they are tried."""
        self._url = url
        self._engine = engine
        self._channels = channels
        self._instruments = instruments
        self._retries = retries
        self._attempt_seconds = attempt_seconds
        self._tracer = tracer
        self._in_hand: set[asyncio.Task[None]] = set()
        # The last of each user among them.
        self._last: dict[UUID, asyncio.Task[None]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until asked to stop; what is in hand then goes back to the queue.

        A broker that is away is waited for.
        """
        while not stop.is_set():
            try:
                await self._consume(stop)
            except (OSError, aio_pika.exceptions.AMQPError) as error:
                logger.warning("RabbitMQ does not answer (%s)", type(error).__name__)
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)

    async def _consume(self, stop: asyncio.Event) -> None:
        async with _open_queue(self._url) as queue:
            tag = await queue.consume(self._take)
            await stop.wait()
            with suppress(Exception):
                await queue.cancel(tag)
            for task in self._in_hand:
                task.cancel()
            await asyncio.gather(*self._in_hand, return_exceptions=True)

    async def _take(self, message: AbstractIncomingMessage) -> None:
        try:
            fields = json.loads(message.body)
            user_id = UUID(fields["user_id"])
        except (ValueError, KeyError, TypeError):
            logger.warning("message %s is no event", message.message_id)
            await message.reject(requeue=False)
            return
        task = asyncio.create_task(self._handle(message, fields, self._last.get(user_id)))
        self._last[user_id] = task
        self._in_hand.add(task)
        await asyncio.wait({task})
        self._in_hand.discard(task)
        if self._last.get(user_id) is task:
            del self._last[user_id]

    async def _handle(
        self,
        message: AbstractIncomingMessage,
        fields: dict[str, object],
        before: asyncio.Task[None] | None,
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            event = await self._complete(fields, str(message.headers.get("traceparent", "")))
            if event is None or await self._trace(event):
                await message.ack()
            else:
                await message.reject(requeue=False)
        except Exception as error:  # noqa: BLE001  # unacknowledged, it comes again
            logger.warning("event %s is left to the queue: %s", fields["id"], type(error).__name__)

    async def _trace(self, event: Event) -> bool:
        root = begin_delivery(self._tracer, event)
        try:
            return await self._deliver(event)
        finally:
            self._tracer.end(root)

    async def _complete(self, fields: dict[str, object], traceparent: str) -> Event | None:
        """Add where its user wants to hear of it; None when the account is no more."""
        user_id = UUID(str(fields["user_id"]))
        while True:
            try:
                recipient = await find_recipient(self._engine, user_id)
            except Exception as error:  # noqa: BLE001  # the driver raises many kinds
                logger.warning("the database does not answer (%s)", type(error).__name__)
                await asyncio.sleep(PAUSE_SECONDS)
            else:
                break
        if recipient is None:
            return None
        return Event(
            id=UUID(str(fields["id"])),
            user_id=user_id,
            kind=str(fields["kind"]),
            payload=dict(fields["data"]),  # type: ignore[call-overload]  # our own document
            created_at=datetime.fromisoformat(str(fields["created_at"])),
            attempts=1,
            channels_done=(),
            traceparent=traceparent,
            **recipient,
        )

    async def _deliver(self, event: Event) -> bool:
        async def nothing(_: Sequence[str]) -> None:
            """Progress is known to this process alone."""

        for number in range(1, self._retries.attempts + 1):
            outcome = await attempt(event, self._channels, self._attempt_seconds, nothing)
            given_up = outcome.hopeless or number == self._retries.attempts
            count(self._instruments, event, outcome, given_up)
            if given_up or not outcome.failed:
                count_end(self._instruments, event, outcome.end)
                return not outcome.failed
            event = replace(event, channels_done=tuple(outcome.done))
            await asyncio.sleep(self._retries.delay(number).total_seconds())
        return False


@asynccontextmanager
async def _open_queue(url: str) -> AsyncIterator[AbstractQueue]:
    connection = await aio_pika.connect_robust(url, timeout=TIMEOUT_SECONDS)
    async with connection:
        channel = await connection.channel()
        await channel.set_qos(IN_FLIGHT)
        _, queue = await _declare(channel)
        yield queue


async def _declare(channel: AbstractChannel) -> tuple[AbstractExchange, AbstractQueue]:
    exchange = await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    await channel.declare_queue(DEAD, durable=True)
    arguments: FieldTable = {
        "x-single-active-consumer": True,
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": DEAD,
    }
    queue = await channel.declare_queue(QUEUE, durable=True, arguments=arguments)
    await queue.bind(exchange, "#")
    return exchange, queue
