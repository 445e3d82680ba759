from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select, update

from app.accounts.sessions import GOOD, REVOKED, check_session
from app.accounts.tables import sessions
from app.cache import session_key

if TYPE_CHECKING:
    from uuid import UUID

    import httpx

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio
NOBODY = "redis://127.0.0.1:1/0"
ROUTE = "/api/swipes"


def session_of(api: Api, account: Account) -> UUID:
    token = account.client.headers["authorization"].removeprefix("Bearer ")
    return api.held.tokens.verify(token).session_id


def elsewhere(api: Api, account: Account) -> httpx.AsyncClient:
    """The client of somebody at another process."""
    return api.with_token(account.client.headers["authorization"].removeprefix("Bearer "))


async def change(api: Api, **values: object) -> None:
    async with api.held.engine.connect() as connection:
        await connection.execute(update(sessions).values(**values))


async def test_postgres_is_asked_about_a_session_once_a_minute(api: Api, adopter: Account) -> None:
    with api.round_trips() as first:
        assert (await adopter.client.get(ROUTE)).status_code == 200
    with api.round_trips() as second:
        assert (await adopter.client.get(ROUTE)).status_code == 200
    assert len(first.statements) == 2
    assert len(second.statements) == 1
    assert 0 < await api.held.cache.ttl(session_key(session_of(api, adopter))) <= 60


@pytest.mark.parametrize(
    "values",
    [
        {"revoked_at": func.now()},
        {"expires_at": func.now()},
        {"last_seen_at": func.now() - timedelta(minutes=31)},
    ],
    ids=["revoked", "expired", "idle"],
)
async def test_a_session_that_has_ended_is_refused(
    api: Api, adopter: Account, values: dict[str, object]
) -> None:
    await change(api, **values)
    answer = await adopter.client.get(ROUTE)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["detail"] == "The session has ended; log in again."


async def test_whoever_comes_back_within_half_an_hour_is_not_idle(
    api: Api, adopter: Account
) -> None:
    await change(api, last_seen_at=func.now() - timedelta(minutes=29))
    assert (await adopter.client.get(ROUTE)).status_code == 200
    async with api.held.engine.connect() as connection:
        recent = sessions.c.last_seen_at > func.now() - timedelta(minutes=1)
        assert await connection.scalar(select(recent))


async def test_a_session_that_nobody_began_is_refused(api: Api, adopter: Account) -> None:
    async with api.held.engine.connect() as connection:
        await connection.execute(sessions.delete())
    assert (await adopter.client.get(ROUTE)).status_code == 401


async def test_without_valkey_postgres_knows_which_sessions_have_ended(
    api: Api, open_api: OpenApi, settings: Settings, adopter: Account
) -> None:
    other = await api.join()
    async with open_api(settings, cache_url=NOBODY) as alone:
        there = elsewhere(alone, adopter)
        assert (await there.get(ROUTE)).status_code == 200
        assert (await there.post("/api/auth/logout")).status_code == 204
        assert (await there.get(ROUTE)).status_code == 401
        assert (await elsewhere(alone, other).get(ROUTE)).status_code == 200
    assert (await adopter.client.get(ROUTE)).status_code == 401


async def test_a_check_that_began_before_a_revocation_does_not_undo_it(
    api: Api, adopter: Account
) -> None:
    held, session_id = api.held, session_of(api, adopter)
    # As after a log-out whose row the check has read just before.
    await held.cache.set(session_key(session_id), REVOKED)
    assert await check_session(held.engine, held.pipeline, session_id, 1800)
    assert await held.cache.get(session_key(session_id)) == REVOKED
    assert (await adopter.client.get(ROUTE)).status_code == 401


async def test_logging_out_amid_many_requests_lets_none_in_afterwards(
    api: Api, open_api: OpenApi, settings: Settings, adopter: Account
) -> None:
    key = session_key(session_of(api, adopter))
    async with open_api(settings) as other:
        there, out = elsewhere(other, adopter), False

        async def ask() -> None:
            while not out:
                await there.get(ROUTE)
                # As if the minute were over, so that PostgreSQL is asked again and again.
                if await api.held.cache.get(key) == GOOD:
                    await api.held.cache.delete(key)

        asking = [asyncio.create_task(ask()) for _ in range(4)]
        assert (await adopter.client.post("/api/auth/logout")).status_code == 204
        after = [(await client.get(ROUTE)).status_code for client in (there, adopter.client) * 5]
        out = True
        await asyncio.gather(*asking)
    assert after == [401] * 10


async def test_a_session_of_somebody_else_is_not_ended(api: Api, adopter: Account) -> None:
    other = await api.join()
    assert (await adopter.client.post("/api/auth/logout")).status_code == 204
    assert (await other.client.get(ROUTE)).status_code == 200
