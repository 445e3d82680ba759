from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import anyio
import pytest
from sqlalchemy import func, select, update

from app.accounts.resets import make_reset_token
from app.accounts.tables import reset_tokens, users
from app.audit.tables import audit_log
from app.auth import Passwords
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from httpx import Response

    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
REQUEST = "/api/auth/reset-password/request"
CONFIRM = "/api/auth/reset-password/confirm"
LOG_IN = "/api/auth/login"
OLD, NEW = "correct horse battery", "another long password"
NOBODY = "nobody@people.petswipe.example"


async def token_for(api: Api, account: Account) -> str:
    """Make a token as the dispatcher does when it delivers the e-mail."""
    async with api.held.engine.connect() as connection:
        return await make_reset_token(connection, account.id, 900)


async def confirm(api: Api, token: str, password: str = NEW) -> Response:
    return await api.client.post(CONFIRM, json={"token": token, "password": password})


async def log_in(api: Api, account: Account, password: str) -> int:
    body = {"email": account.email, "password": password}
    return (await api.client.post(LOG_IN, json=body)).status_code


async def events(api: Api) -> list[tuple[object, str, object]]:
    columns = (outbox.c.user_id, outbox.c.kind, outbox.c.payload)
    asked = select(*columns).where(outbox.c.kind == "password.reset")
    async with api.held.engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(asked)).all()]


async def test_a_request_answers_and_costs_the_same_for_known_and_unknown_emails(
    api: Api, adopter: Account
) -> None:
    answers, costs = [], []
    for email in (adopter.email, NOBODY, adopter.email.upper()):
        with api.round_trips() as cost:
            answers.append(
                await api.client.post(
                    REQUEST, json={"email": email}, headers={"x-request-id": "the-same-id"}
                )
            )
        # The first request of a window of time sets its end, whoever it asks for.
        del cost.commands["expire"]
        costs.append((cost.statements, cost.commands))
        answers[-1].headers.pop("ratelimit")
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert costs[0] == costs[1] == costs[2]
    assert await events(api) == [(adopter.id, "password.reset", {})] * 2
    asked = select(audit_log).where(audit_log.c.action == "auth.reset_request")
    async with api.held.engine.connect() as connection:
        rows = (await connection.execute(asked)).all()
    assert len(rows) == 3
    assert "petswipe.example" not in str(rows)


async def test_nobody_is_sent_more_than_three_emails_in_a_quarter_of_an_hour(
    api: Api, adopter: Account
) -> None:
    for email in (adopter.email, NOBODY):
        statuses = [
            (await api.client.post(REQUEST, json={"email": email})).status_code for _ in range(5)
        ]
        assert statuses == [202] * 5
    assert len(await events(api)) == 3


async def test_a_closed_account_gets_no_token(api: Api, adopter: Account) -> None:
    async with api.held.engine.connect() as connection:
        await connection.execute(update(users).values(is_active=False))
    assert (await api.client.post(REQUEST, json={"email": adopter.email})).status_code == 202
    assert await events(api) == []
    assert (await confirm(api, await token_for(api, adopter))).status_code == 422


async def test_a_token_sets_the_password_once_and_ends_all_sessions(
    api: Api, adopter: Account
) -> None:
    token, other = await token_for(api, adopter), await token_for(api, adopter)
    assert len(token) >= 22
    done = await confirm(api, token)
    assert (done.status_code, done.content) == (204, b"")
    assert (await adopter.client.get("/api/swipes")).status_code == 401
    assert await log_in(api, adopter, OLD) == 401
    assert await log_in(api, adopter, NEW) == 200
    for used in (token, other):
        refused = await confirm(api, used, OLD)
        assert refused.status_code == 422
        assert refused.headers["content-type"] == "application/problem+json"
    assert await log_in(api, adopter, NEW) == 200


async def test_a_token_that_twenty_use_at_once_serves_one(api: Api, adopter: Account) -> None:
    token, statuses = await token_for(api, adopter), []

    async def use(number: int) -> None:
        statuses.append((await confirm(api, token, f"password number {number}")).status_code)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(use, number)
    assert sorted(statuses) == [204] + [422] * 19


async def test_only_a_digest_of_the_token_is_stored(api: Api, adopter: Account) -> None:
    token = await token_for(api, adopter)
    async with api.held.engine.connect() as connection:
        assert token not in str((await connection.execute(select(reset_tokens))).all())


async def test_a_wrong_token_costs_as_many_hashes_as_a_right_one(
    api: Api, adopter: Account
) -> None:
    hashed: list[str] = []

    class Recorder(Passwords):
        async def hash(self, password: str) -> str:
            hashed.append(password)
            return await super().hash(password)

    api.app.state.resources = dataclasses.replace(api.held, passwords=Recorder(4))
    expired = await token_for(api, adopter)
    async with api.held.engine.connect() as connection:
        await connection.execute(update(reset_tokens).values(expires_at=func.now()))
    right = await token_for(api, adopter)
    for token, status in ((expired, 422), ("x" * 22, 422), (right, 204)):
        assert (await confirm(api, token)).status_code == status
    assert hashed == [NEW] * 3


async def test_whoever_was_locked_out_by_guesses_of_others_can_log_in_with_the_new_password(
    api: Api, adopter: Account
) -> None:
    for _ in range(10):
        await log_in(api, adopter, "wrong")
    assert await log_in(api, adopter, OLD) == 429
    assert (await confirm(api, await token_for(api, adopter))).status_code == 204
    assert await log_in(api, adopter, NEW) == 200


async def test_a_changed_password_ends_all_sessions_and_spoils_tokens(
    api: Api, adopter: Account
) -> None:
    token = await token_for(api, adopter)
    body = {"email": adopter.email, "password": OLD}
    other = (await api.client.post(LOG_IN, json=body)).json()
    changed = await adopter.client.put("/api/users/me/password", json={"current": OLD, "new": NEW})
    assert changed.status_code == 204
    for client in (adopter.client, api.with_token(other["access_token"])):
        assert (await client.get("/api/swipes")).status_code == 401
    refreshed = {"refresh_token": other["refresh_token"]}
    assert (await api.client.post("/api/auth/refresh", json=refreshed)).status_code == 401
    assert (await confirm(api, token, OLD)).status_code == 422
    assert await log_in(api, adopter, OLD) == 401
    assert await log_in(api, adopter, NEW) == 200


async def test_a_wrong_current_password_changes_nothing(api: Api, adopter: Account) -> None:
    for current in ("wrong", "x" * 100, "a\0b"):
        answer = await adopter.client.put(
            "/api/users/me/password", json={"current": current, "new": NEW}
        )
        assert answer.status_code == 422
    assert await log_in(api, adopter, OLD) == 200
    assert (await adopter.client.get("/api/swipes")).status_code == 200
