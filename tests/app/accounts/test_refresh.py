from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from sqlalchemy import Table, func, select, update

from app.accounts.tables import refresh_tokens, sessions, users
from app.audit.tables import audit_log
from app.auth import token_digest
from app.cache import session_key

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio
REFRESH = "/api/auth/refresh"
PASSWORD = "correct horse battery"


async def log_in(api: Api, account: Account) -> dict[str, Any]:
    body = {"email": account.email, "password": PASSWORD}
    handed: dict[str, Any] = (await api.client.post("/api/auth/login", json=body)).json()
    return handed


async def refresh(api: Api, token: str) -> Response:
    return await api.client.post(REFRESH, json={"refresh_token": token})


async def change(api: Api, table: Table, **values: object) -> None:
    async with api.held.engine.connect() as connection:
        await connection.execute(update(table).values(**values))


async def use_earlier(api: Api, seconds: int) -> None:
    """Let the used tokens have been used so long ago."""
    await change(api, refresh_tokens, used_at=refresh_tokens.c.used_at - timedelta(seconds=seconds))


def client_of(api: Api, handed: dict[str, Any]) -> AsyncClient:
    return api.with_token(handed["access_token"])


def assert_refused(answer: Response) -> None:
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_refresh_gives_new_tokens_of_the_same_session(api: Api, adopter: Account) -> None:
    first = await log_in(api, adopter)
    answer = await refresh(api, first["refresh_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    second = answer.json()
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    claims = [
        jwt.decode(handed["access_token"], options={"verify_signature": False})
        for handed in (first, second)
    ]
    assert claims[0]["sid"] == claims[1]["sid"]
    assert claims[0]["jti"] != claims[1]["jti"]
    assert (await client_of(api, second).get("/api/swipes")).status_code == 200


async def test_only_digests_of_refresh_tokens_are_stored(api: Api, adopter: Account) -> None:
    token = (await log_in(api, adopter))["refresh_token"]
    async with api.held.engine.connect() as connection:
        rows = (await connection.execute(select(refresh_tokens))).all()
    assert token_digest(token) in {row.digest for row in rows}
    assert token not in str(rows)
    assert len(token) >= 43


async def test_a_refresh_keeps_an_ended_and_idle_session_alive(api: Api, adopter: Account) -> None:
    handed = await log_in(api, adopter)
    past = func.now() - timedelta(days=6)
    await change(api, sessions, expires_at=past, last_seen_at=past)
    assert_refused(await client_of(api, handed).get("/api/swipes"))
    renewed = (await refresh(api, handed["refresh_token"])).json()
    assert (await client_of(api, renewed).get("/api/swipes")).status_code == 200


async def test_two_tabs_that_refresh_at_once_stay_logged_in(api: Api, adopter: Account) -> None:
    token = (await log_in(api, adopter))["refresh_token"]
    answers = await asyncio.gather(*(refresh(api, token) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["refresh_token"] for answer in answers}) == 8
    for answer in answers:
        assert (await client_of(api, answer.json()).get("/api/swipes")).status_code == 200
    again = [await refresh(api, answer.json()["refresh_token"]) for answer in answers]
    assert {answer.status_code for answer in again} == {200}


async def test_a_token_that_comes_again_late_ends_the_session_for_everybody(
    api: Api, settings: Settings, open_api: OpenApi, adopter: Account
) -> None:
    first = await log_in(api, adopter)
    second = (await refresh(api, first["refresh_token"])).json()
    await use_earlier(api, 11)
    assert_refused(await refresh(api, first["refresh_token"]))
    assert_refused(await refresh(api, second["refresh_token"]))
    async with open_api(settings) as elsewhere:
        for handed in (first, second):
            assert_refused(await client_of(elsewhere, handed).get("/api/swipes"))
    async with api.held.engine.connect() as connection:
        row = (
            await connection.execute(
                select(audit_log).where(audit_log.c.action == "auth.refresh_reuse")
            )
        ).one()
    assert (row.actor_id, row.object_kind) == (adopter.id, "session")
    # The session of another device has nothing to do with it.
    assert (await adopter.client.get("/api/swipes")).status_code == 200


async def test_the_grace_begins_with_the_first_use(api: Api, adopter: Account) -> None:
    token = (await log_in(api, adopter))["refresh_token"]
    for earlier in (0, 6, 6):
        assert (await refresh(api, token)).status_code == 200
        await use_earlier(api, earlier)
    assert_refused(await refresh(api, token))


@pytest.mark.parametrize("reason", ["unknown", "expired", "revoked", "inactive", "deleted"])
async def test_a_token_that_is_no_use_is_refused_without_ending_anything(
    api: Api, adopter: Account, reason: str
) -> None:
    token = (await log_in(api, adopter))["refresh_token"]
    if reason == "unknown":
        token = "x" * 43
    elif reason == "expired":
        await change(api, refresh_tokens, expires_at=func.now())
    elif reason == "revoked":
        await change(api, sessions, revoked_at=func.now())
    elif reason == "inactive":
        await change(api, users, is_active=False)
    else:
        await change(api, users, deleted_at=func.now())
    before = await api.rows(refresh_tokens)
    assert_refused(await refresh(api, token))
    assert await api.rows(refresh_tokens) == before
    if reason in {"unknown", "expired"}:
        assert (await adopter.client.get("/api/swipes")).status_code == 200


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}], ids=str)
async def test_a_refresh_without_a_token_is_refused(api: Api, body: object) -> None:
    assert_refused(await api.client.post(REFRESH, json=body))


async def test_a_refreshed_token_has_the_role_of_now(api: Api, adopter: Account) -> None:
    token = (await log_in(api, adopter))["refresh_token"]
    await change(api, users, role="shelter")
    renewed = (await refresh(api, token)).json()
    assert api.held.tokens.verify(renewed["access_token"]).role == "shelter"


async def test_logging_out_ends_the_session_at_once_in_every_process(
    api: Api, settings: Settings, open_api: OpenApi, adopter: Account
) -> None:
    handed = await log_in(api, adopter)
    client = client_of(api, handed)
    async with open_api(settings) as elsewhere:
        there = client_of(elsewhere, handed)
        assert (await there.get("/api/swipes")).status_code == 200
        assert (await client.post("/api/auth/logout")).status_code == 204
        assert_refused(await there.get("/api/swipes"))
    assert_refused(await client.get("/api/swipes"))
    assert_refused(await refresh(api, handed["refresh_token"]))
    # Valkey only remembers what PostgreSQL knows.
    await api.held.cache.delete(
        session_key(api.held.tokens.verify(handed["access_token"]).session_id)
    )
    assert_refused(await client.get("/api/swipes"))
    assert (await adopter.client.get("/api/swipes")).status_code == 200
