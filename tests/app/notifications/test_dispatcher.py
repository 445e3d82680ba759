"""At least once, in the order of each user, whatever fails."""

from __future__ import annotations

import asyncio
import math
import random
from collections import defaultdict
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, update

from app.accounts.tables import users
from app.database import create_engine, transactional
from app.notifications.channels.in_app import InAppChannel
from app.notifications.claims import claim, finish
from app.notifications.delivery import Retries
from app.notifications.events import DeliveryError, UndeliverableError
from app.notifications.tables import notifications
from app.outbox.tables import outbox
from app.telemetry.catalog import DELIVERY_OUTCOME

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.events import Event
    from app.settings import Settings
    from app.telemetry.instruments import DispatchInstruments
    from tests.app.conftest import Cluster
    from tests.app.notifications.conftest import Dispatching, Outbox, Recorder

pytestmark = pytest.mark.anyio

MINUTE = timedelta(minutes=1)
ENDED = "petswipe_notification_delivery_seconds_count"


def sample(instruments: DispatchInstruments, name: str, **labels: str) -> float:
    value = instruments.registry.get_sample_value(name, labels)
    assert value is not None
    return value


async def test_three_dispatchers_deliver_every_event_in_its_users_order_whatever_fails(
    store: Outbox, recorder: type[Recorder], dispatching: Dispatching
) -> None:
    people, each = 50, 20
    ids = await store.add_users(people)
    # All of a user's first events, then all second ones: the orders are interleaved.
    rows = [
        {"user_id": user_id, "kind": "match.created", "payload": {"number": number}}
        for number in range(each)
        for user_id in ids
    ]
    async with store.engine.connect() as connection:
        for row in range(0, len(rows), people):
            await connection.execute(insert(outbox), rows[row : row + people])
        stored = {row.id: row for row in await connection.execute(select(outbox))}
    chance = random.Random(7)  # noqa: S311  # no secret

    channel = recorder(
        fails=lambda _: ConnectionError() if chance.random() < 0.2 else None,
        fails_late=lambda _: ConnectionError() if chance.random() < 0.1 else None,
    )
    run = partial(dispatching, channel, attempts=50)
    async with run(), run(), run():
        await store.settled()
    first: dict[UUID, list[UUID]] = defaultdict(list)
    for event in channel.delivered:
        if event.id not in first[event.user_id]:
            first[event.user_id].append(event.id)
    assert len(channel.delivered) > people * each
    assert len(channel.seen) > len(channel.delivered)
    assert {user: [stored[e].payload["number"] for e in got] for user, got in first.items()} == {
        user: list(range(each)) for user in ids
    }
    assert channel.most_at_once == 1


async def test_an_event_is_dead_after_so_many_attempts_and_the_next_one_goes_its_way(
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
) -> None:
    (user,) = await store.add_users()
    bad, good = await store.add(user), await store.add(user)

    def fails(event: Event) -> Exception | None:
        return DeliveryError("it answered 500") if event.id == bad else None

    channel = recorder(fails=fails)
    async with dispatching(channel, attempts=3):
        await store.settled()
    assert [event.id for event in channel.seen] == [bad, bad, bad, good]
    assert [event.attempts for event in channel.seen] == [1, 2, 3, 1]
    buried = await store.read(bad)
    assert (buried.delivered_at, buried.attempts) == (None, 3)
    assert buried.dead_at is not None
    assert buried.last_error == "webhook: it answered 500"
    name = "petswipe_notifications_total"
    assert sample(instruments, name, channel="webhook", outcome="retried") == 2
    assert sample(instruments, name, channel="webhook", outcome="dead") == 1
    assert sample(instruments, name, channel="webhook", outcome="delivered") == 1
    assert sample(instruments, ENDED, topic="match", outcome="delivered") == 1
    assert sample(instruments, ENDED, topic="match", outcome="given_up") == 1


async def test_what_can_never_be_delivered_is_dead_at_once_and_not_ours_to_answer_for(
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    channel = recorder(fails=lambda _: UndeliverableError("it redirects"))
    async with dispatching(channel):
        await store.settled()
    assert len(channel.seen) == 1
    assert (await store.read(event)).dead_at is not None
    for outcome in DELIVERY_OUTCOME.values:
        assert sample(instruments, ENDED, topic="match", outcome=outcome) == 0


async def test_what_a_broker_has_has_not_arrived_yet(
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
) -> None:
    (user,) = await store.add_users()
    await store.add(user)
    async with dispatching(recorder("amqp")):
        await store.settled()
    name = "petswipe_notifications_total"
    assert sample(instruments, name, channel="amqp", outcome="delivered") == 1
    assert sample(instruments, ENDED, topic="match", outcome="delivered") == 0


async def test_a_channel_that_has_an_event_is_not_given_it_again(
    store: Outbox, recorder: type[Recorder], dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    email, sns = recorder("email"), recorder("sns")
    webhook = recorder(
        fails=lambda event: ConnectionError("password=hunter2") if event.attempts < 3 else None
    )
    # The one that fails stands in the middle: it keeps nobody else waiting.
    async with dispatching(email, webhook, sns):
        await store.settled()
    assert (len(email.seen), len(webhook.seen), len(sns.seen)) == (1, 3, 1)
    stored = await store.read(event)
    assert stored.channels_done == ["email", "sns", "webhook"]
    assert stored.last_error is None


async def test_an_error_is_stored_without_the_words_of_a_library(
    store: Outbox, recorder: type[Recorder], dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    channel = recorder(fails=lambda _: ConnectionError("amqp://me:hunter2@host"))
    async with dispatching(channel, attempts=1):
        await store.settled()
    assert (await store.read(event)).last_error == "webhook: ConnectionError"


async def test_an_event_of_a_dispatcher_that_died_is_claimed_again_with_the_same_id(
    store: Outbox, recorder: type[Recorder], dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    (lost,) = await claim(store.engine, 10, timedelta(milliseconds=50))
    channel = recorder()
    async with dispatching(channel):
        await store.settled()
    assert [(e.id, e.attempts) for e in channel.delivered] == [(event, 2)]
    # The dead one comes back to life and has no say any more.
    assert lost.attempts == 1
    assert not await finish(store.engine, lost, ["webhook"])


async def test_an_event_that_kills_its_dispatchers_is_buried_without_another_try(
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    async with store.engine.connect() as connection:
        await connection.execute(update(outbox).values(attempts=3))
    channel = recorder()
    async with dispatching(channel, attempts=3):
        await store.settled()
    assert channel.seen == []
    assert (await store.read(event)).last_error == "never reported back"
    assert sample(instruments, ENDED, topic="match", outcome="given_up") == 1


async def test_a_channel_that_hangs_is_left_before_the_lease_ends(
    store: Outbox, recorder: type[Recorder], dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    async with dispatching(recorder(hangs=True), attempts=1, lease=2.0):
        await store.settled()
    assert (await store.read(event)).last_error == "webhook: timed out"


async def test_only_the_oldest_event_of_a_user_can_be_claimed(store: Outbox) -> None:
    one, other = await store.add_users(2)
    first, _ = await store.add(one), await store.add(one)
    alone = await store.add(other)
    assert {e.id for e in await claim(store.engine, 10, MINUTE)} == {first, alone}
    assert await claim(store.engine, 10, MINUTE) == []


async def test_no_more_events_are_claimed_than_wanted(store: Outbox) -> None:
    for user in await store.add_users(5):
        await store.add(user)
    assert len(await claim(store.engine, 3, MINUTE)) == 3
    assert len(await claim(store.engine, 3, MINUTE)) == 2


async def test_an_event_that_commits_late_waits_for_the_younger_one_that_went_ahead(
    store: Outbox,
) -> None:
    (user,) = await store.add_users()
    async with transactional(store.engine).connect() as late:
        row = insert(outbox).values(user_id=user, kind="match.created", payload={})
        older = (await late.execute(row.returning(outbox.c.id))).scalar_one()
        younger = await store.add(user)
        (ahead,) = await claim(store.engine, 10, MINUTE)
        assert ahead.id == younger
        await late.commit()
    assert await claim(store.engine, 10, MINUTE) == []
    await finish(store.engine, ahead, ["webhook"])
    assert [e.id for e in await claim(store.engine, 10, MINUTE)] == [older]


async def test_a_user_that_another_dispatcher_is_looking_at_is_passed_over(store: Outbox) -> None:
    one, other = await store.add_users(2)
    await store.add(one)
    event = await store.add(other)
    async with transactional(store.engine).connect() as looking:
        await looking.execute(select(users.c.id).where(users.c.id == one).with_for_update())
        assert [e.id for e in await claim(store.engine, 10, MINUTE)] == [event]


def test_the_wait_doubles_and_differs_and_ends_at_a_quarter_of_an_hour() -> None:
    retries = Retries(50, 1.0)
    for attempt in range(1, 51):
        longest = min(900, 2 ** (attempt - 1))
        waits = {retries.delay(attempt).total_seconds() for _ in range(100)}
        assert all(longest / 2 <= wait <= longest for wait in waits)
        assert len(waits) > 50


async def test_the_list_in_the_app_has_an_event_once_however_often_it_is_delivered(
    store: Outbox, event: Callable[..., Event]
) -> None:
    (user,) = await store.add_users()
    channel = InAppChannel(store.engine)
    twice = event(user_id=user)
    await channel.deliver(twice)
    await channel.deliver(twice)
    async with store.engine.connect() as connection:
        row = (await connection.execute(select(notifications))).one()
    assert (row.id, row.user_id, row.kind) == (twice.id, user, "match.created")
    assert (row.payload, row.created_at) == (twice.payload, twice.created_at)


async def test_nobody_is_told_once_the_account_is_closed(
    store: Outbox, dispatching: Dispatching
) -> None:
    (user,) = await store.add_users()
    event = await store.add(user)
    async with store.engine.connect() as connection:
        await connection.execute(update(users).values(is_active=False, deleted_at=func.now()))
    async with dispatching(InAppChannel(store.engine)):
        await store.settled()
    assert (await store.read(event)).channels_done == []


async def test_what_waits_and_what_is_dead_is_measured(
    store: Outbox,
    recorder: type[Recorder],
    dispatching: Dispatching,
    instruments: DispatchInstruments,
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
) -> None:
    (user,) = await store.add_users()
    for _ in range(3):
        await store.add(user)
    hour = timedelta(hours=1)
    async with store.engine.connect() as connection:
        await connection.execute(update(outbox).values(due_at=func.now() + hour))
        await connection.execute(update(outbox).values(created_at=func.now() - hour))
        first = select(func.min(outbox.c.position)).scalar_subquery()
        buried = update(outbox).where(outbox.c.position == first)
        await connection.execute(buried.values(dead_at=func.now()))
    async with dispatching(recorder()):
        await wait_for(lambda: sample(instruments, "petswipe_outbox_waiting") == 2)
    assert sample(instruments, "petswipe_outbox_dead") == 1
    assert 3600 <= sample(instruments, "petswipe_outbox_oldest_seconds") < 3700


async def test_a_dispatcher_survives_a_restart_of_postgresql(
    cluster: Cluster,
    dispatching_with: Callable[[Settings], Dispatching],
    recorder: type[Recorder],
    wait_for: Callable[[Callable[[], bool]], Awaitable[None]],
    outbox_of: Callable[[AsyncEngine], Outbox],
    instruments: DispatchInstruments,
) -> None:
    engine = create_engine(cluster.settings)
    store = outbox_of(engine)
    channel = recorder()
    async with dispatching_with(cluster.settings)(channel):
        (user,) = await store.add_users()
        before = await store.add(user)
        await wait_for(lambda: len(channel.delivered) == 1)
        await store.settled()
        await engine.dispose()
        await asyncio.to_thread(cluster.stop)
        # The last number would page, or reassure, for as long as nobody can count.
        await wait_for(lambda: math.isnan(sample(instruments, "petswipe_outbox_waiting") or 0))
        await asyncio.to_thread(cluster.start)
        after = await store.add(user)
        await wait_for(lambda: len(channel.delivered) == 2)
        await store.settled()
    assert [event.id for event in channel.delivered] == [before, after]
    await engine.dispose()
