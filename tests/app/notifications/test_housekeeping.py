from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select

from app.accounts.tables import refresh_tokens, reset_tokens, sessions
from app.idempotency.tables import idempotency_keys
from app.notifications.housekeeping import BATCH, tidy
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncEngine

    from tests.app.notifications.conftest import Outbox

pytestmark = pytest.mark.anyio

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


async def add(store: Outbox, table: Table, **given: object) -> None:
    async with store.engine.connect() as connection:
        await connection.execute(insert(table).values(**given))


async def keys(pool: AsyncEngine, table: Table) -> set[object]:
    (key,) = table.primary_key.columns
    async with pool.connect() as connection:
        return set((await connection.execute(select(key))).scalars())


async def test_delivered_events_go_after_a_week_and_others_stay(store: Outbox) -> None:
    (user,) = await store.add_users()
    ids = [uuid4() for _ in range(4)]
    event = {"user_id": user, "kind": "match.created", "payload": {}}
    old = func.now() - 8 * DAY
    await add(store, outbox, id=ids[0], delivered_at=old, created_at=old, **event)
    await add(store, outbox, id=ids[1], delivered_at=func.now() - 6 * DAY, **event)
    await add(store, outbox, id=ids[2], dead_at=old, created_at=old, **event)
    await add(store, outbox, id=ids[3], created_at=old, **event)
    assert await tidy(store.engine) == 1
    assert await keys(store.engine, outbox) == set(ids[1:])


async def test_more_than_a_batch_goes_as_well(store: Outbox) -> None:
    (user,) = await store.add_users()
    old = func.now() - 8 * DAY
    async with store.engine.connect() as connection:
        rows = [{"user_id": user, "kind": "match.created", "payload": {}} for _ in range(BATCH + 1)]
        await connection.execute(insert(outbox).values(delivered_at=old), rows)
    assert await tidy(store.engine) == BATCH + 1
    assert await keys(store.engine, outbox) == set()


async def test_expired_tokens_go(store: Outbox) -> None:
    (user,) = await store.add_users()
    session = uuid4()
    await add(store, sessions, id=session, user_id=user, expires_at=func.now() + HOUR)
    for table, owner in (
        (reset_tokens, {"user_id": user}),
        (refresh_tokens, {"session_id": session}),
    ):
        await add(store, table, digest=b"a" * 32, expires_at=func.now() - DAY, **owner)
        await add(store, table, digest=b"b" * 32, expires_at=func.now() + HOUR, **owner)
    assert await tidy(store.engine) == 2
    assert await keys(store.engine, reset_tokens) == {b"b" * 32}
    assert await keys(store.engine, refresh_tokens) == {b"b" * 32}


async def test_a_session_goes_with_its_last_refresh_token_and_not_before(store: Outbox) -> None:
    (user,) = await store.add_users()
    ended, refreshable, running = uuid4(), uuid4(), uuid4()
    for session, left in ((ended, -DAY), (refreshable, -DAY), (running, HOUR)):
        await add(store, sessions, id=session, user_id=user, expires_at=func.now() + left)
    token = {"digest": b"a" * 32, "expires_at": func.now() + DAY}
    await add(store, refresh_tokens, session_id=refreshable, **token)
    assert await tidy(store.engine) == 1
    left_over: set[object] = {refreshable, running}
    assert await keys(store.engine, sessions) == left_over
    assert await keys(store.engine, refresh_tokens) == {b"a" * 32}


async def test_answers_to_idempotency_keys_go_after_a_day(store: Outbox) -> None:
    answer = {
        "owner": "anonymous",
        "operation": "POST /api/pets",
        "fingerprint": b"0" * 32,
        "status": 201,
        "media_type": "application/json",
        "body": b"{}",
    }
    async with store.engine.connect() as connection:
        await connection.execute(idempotency_keys.delete())
    await add(store, idempotency_keys, key="old", created_at=func.now() - 25 * HOUR, **answer)
    await add(store, idempotency_keys, key="new", created_at=func.now() - 23 * HOUR, **answer)
    assert await tidy(store.engine) == 1
    async with store.engine.connect() as connection:
        assert (await connection.execute(select(idempotency_keys.c.key))).scalars().all() == ["new"]
