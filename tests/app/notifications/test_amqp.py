"""RabbitMQ in between; needs a broker, at PET_TEST_AMQP_URL or on this machine."""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aio_pika
import pytest

from app.notifications.channels.amqp import DEAD, EXCHANGE, QUEUE, AmqpChannel, Consumer
from app.notifications.delivery import Retries
from app.telemetry.catalog import DELIVERY_OUTCOME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from aio_pika.abc import AbstractChannel

    from app.notifications.events import Event
    from app.telemetry.instruments import DispatchInstruments
    from tests.app.notifications.conftest import Dispatching, Outbox, Recorder

pytestmark = pytest.mark.anyio

NOBODY = "amqp://guest:guest@127.0.0.1:1/"
TIMEOUT_SECONDS = 5
QUICK = 0.005


@asynccontextmanager
async def consuming(
    url: str, store: Outbox, channel: Recorder, instruments: DispatchInstruments, attempts: int = 50
) -> AsyncIterator[None]:
    consumer = Consumer(url, store.engine, [channel], instruments, Retries(attempts, QUICK), 10)
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    try:
        yield
    finally:
        stop.set()
        await running


async def test_an_event_is_published_under_its_id_and_kind_and_survives_the_broker(
    broker: AbstractChannel, amqp_url: str, event: Callable[..., Event]
) -> None:
    channel = AmqpChannel(amqp_url)
    sent = event()
    await channel.deliver(sent)
    await channel.aclose()
    # It was kept although no consumer had ever been there.
    message = await (await broker.get_queue(QUEUE)).get(timeout=TIMEOUT_SECONDS)
    assert message is not None
    assert (message.message_id, message.routing_key) == (str(sent.id), sent.kind)
    assert message.exchange == EXCHANGE
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert json.loads(message.body) == {**sent.document(), "user_id": str(sent.user_id)}
    # Where its user is reached stays with us.
    assert sent.email is not None
    assert sent.email.encode() not in message.body
    await message.ack()


async def test_events_pass_through_the_broker_in_each_users_order(
    broker: AbstractChannel,
    amqp_url: str,
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
) -> None:
    del broker
    people, each = 10, 10
    ids = await store.add_users(people)
    sent: dict[UUID, list[UUID]] = {user: [] for user in ids}
    for number in range(each):
        for user in ids:
            sent[user].append(await store.add(user, number=number))
    chance = random.Random(7)  # noqa: S311  # no secret
    receiver = recorder(fails=lambda _: ConnectionError() if chance.random() < 0.2 else None)
    channel = AmqpChannel(amqp_url)
    async with dispatching(channel), consuming(amqp_url, store, receiver, instruments):
        await store.settled()
        await wait_for(lambda: len(receiver.delivered) >= people * each)
    await channel.aclose()
    got: dict[UUID, list[UUID]] = {user: [] for user in ids}
    for event in receiver.delivered:
        got[event.user_id].append(event.id)
    assert got == sent
    assert receiver.most_at_once == 1
    assert len(receiver.seen) > len(receiver.delivered)
    assert (
        receiver.delivered[0].email
        == f"{receiver.delivered[0].user_id.hex}@people.petswipe.example"
    )


async def test_an_event_that_is_given_up_goes_to_the_dead(
    broker: AbstractChannel,
    amqp_url: str,
    store: Outbox,
    recorder: type[Recorder],
    instruments: DispatchInstruments,
    event: Callable[..., Event],
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
) -> None:
    (user,) = await store.add_users()
    bad, good = event(user_id=user), event(user_id=user)
    channel = AmqpChannel(amqp_url)
    await channel.deliver(bad)
    await channel.deliver(good)
    await channel.aclose()
    receiver = recorder(fails=lambda event: ConnectionError() if event.id == bad.id else None)
    async with consuming(amqp_url, store, receiver, instruments, attempts=2):
        await wait_for(lambda: len(receiver.delivered) == 1)
        dead = await broker.get_queue(DEAD)
        message = await dead.get(timeout=TIMEOUT_SECONDS)
    assert [event.id for event in receiver.seen] == [bad.id, bad.id, good.id]
    ended = "petswipe_notification_delivery_seconds_count"
    for outcome in DELIVERY_OUTCOME.values:
        labels = {"topic": good.topic, "outcome": outcome}
        assert instruments.registry.get_sample_value(ended, labels) == 1
    assert message is not None
    assert message.message_id == str(bad.id)
    await message.ack()


async def test_a_message_that_is_no_event_goes_to_the_dead(
    broker: AbstractChannel,
    amqp_url: str,
    store: Outbox,
    recorder: type[Recorder],
    instruments: DispatchInstruments,
    event: Callable[..., Event],
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
) -> None:
    (user,) = await store.add_users()
    receiver = recorder()
    channel = AmqpChannel(amqp_url)
    async with consuming(amqp_url, store, receiver, instruments):
        await channel.deliver(event(user_id=user))
        await wait_for(lambda: len(receiver.delivered) == 1)
        await broker.default_exchange.publish(aio_pika.Message(b"[]"), QUEUE)
        await channel.deliver(event(user_id=user))
        await wait_for(lambda: len(receiver.delivered) == 2)
        message = await (await broker.get_queue(DEAD)).get(timeout=TIMEOUT_SECONDS)
    assert message is not None
    assert message.body == b"[]"
    await message.ack()
    await channel.aclose()


async def test_a_consumer_waits_for_a_broker_that_is_away(
    store: Outbox, recorder: type[Recorder], instruments: DispatchInstruments
) -> None:
    consumer = Consumer(NOBODY, store.engine, [recorder()], instruments, Retries(1, QUICK), 10)
    stop = asyncio.Event()
    running = asyncio.create_task(consumer.run(stop))
    done, _ = await asyncio.wait({running}, timeout=0.2)
    assert done == set()
    stop.set()
    await running


async def test_what_a_consumer_has_in_hand_when_it_stops_is_delivered_by_the_next(
    broker: AbstractChannel,
    amqp_url: str,
    store: Outbox,
    recorder: type[Recorder],
    instruments: DispatchInstruments,
    event: Callable[..., Event],
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
) -> None:
    del broker
    (user,) = await store.add_users()
    sent = event(user_id=user)
    channel = AmqpChannel(amqp_url)
    await channel.deliver(sent)
    await channel.aclose()
    hanging = recorder(hangs=True)
    async with consuming(amqp_url, store, hanging, instruments):
        await wait_for(lambda: len(hanging.seen) == 1)
    receiver = recorder()
    async with consuming(amqp_url, store, receiver, instruments):
        await wait_for(lambda: len(receiver.delivered) == 1)
    assert receiver.delivered[0].id == sent.id


async def test_a_broker_that_is_away_leaves_the_event_in_the_outbox(
    store: Outbox, dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    channel = AmqpChannel(NOBODY)
    async with dispatching(channel, attempts=2):
        await store.settled()
    await channel.aclose()
    stored = await store.read(event)
    assert (stored.delivered_at, stored.attempts) == (None, 2)
    assert stored.last_error is not None
    assert "guest" not in stored.last_error


async def test_a_broker_is_given_everything(event: Callable[..., Event]) -> None:
    channel = AmqpChannel(NOBODY)
    assert channel.wants(event(kind="password.reset"))
    assert channel.wants(event(email=None))
