from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

import anyio
import jwt
import pytest
from sqlalchemy import select, update

from app.accounts.tables import users
from app.audit.tables import audit_log
from app.auth import Passwords
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
PASSWORD = "a long and good one"
SIGN_UP = "/api/auth/signup"
LOG_IN = "/api/auth/login"


class Recorder(Passwords):
    """Counts how often bcrypt runs."""

    runs = 0

    def take(self) -> int:
        """Return the count and begin anew."""
        runs, self.runs = self.runs, 0
        return runs

    async def hash(self, password: str) -> str:
        self.runs += 1
        return await super().hash(password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        self.runs += 1
        return await super().matches(password, hashed)


def person(**given: object) -> dict[str, object]:
    email = f"{uuid4().hex}@people.petswipe.example"
    return {"email": email, "password": PASSWORD, "display_name": "Zoë", **given}


async def test_who_signs_up_can_log_in_and_use_the_token(api: Api) -> None:
    body = person()
    created = await api.client.post(SIGN_UP, json=body)
    assert created.status_code == 201
    assert created.json() == {"email": body["email"], "display_name": "Zoë"}
    logged = await api.client.post(LOG_IN, json={"email": body["email"], "password": PASSWORD})
    assert logged.status_code == 200
    assert logged.headers["cache-control"] == "no-store"
    assert "set-cookie" not in logged.headers
    token = logged.json()["access_token"]
    assert logged.json() == {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": 3600,
        "refresh_token": logged.json()["refresh_token"],
    }
    client = api.with_token(token)
    assert (await client.get("/api/swipes")).json()["items"] == []
    me = (await client.get("/api/users/me")).json()
    assert me == {
        "id": jwt.decode(token, options={"verify_signature": False})["sub"],
        "email": body["email"],
        "display_name": "Zoë",
        "role": "user",
        "avatar_url": None,
        "is_active": True,
        "created_at": me["created_at"],
    }


async def test_a_sign_up_with_a_known_email_answers_and_costs_the_same(api: Api) -> None:
    # The first request of a process connects to Valkey.
    await api.client.get("/api/swipes")
    recorder = Recorder(4)
    api.app.state.resources = dataclasses.replace(api.held, passwords=recorder)
    body = person()
    answers, costs = [], []
    for name in ("First", "Second", "Third"):
        with api.round_trips() as cost:
            answers.append(
                await api.client.post(
                    SIGN_UP, json={**body, "display_name": name}, headers={"x-request-id": "same"}
                )
            )
        # The first request of a window of time sets its end, whoever it asks for.
        del cost.commands["expire"]
        costs.append((cost.statements, cost.commands, recorder.take()))
    assert {answer.status_code for answer in answers} == {201}
    assert [answer.json()["display_name"] for answer in answers] == ["First", "Second", "Third"]
    assert len({tuple(sorted(answer.json())) for answer in answers}) == 1
    assert costs[0] == costs[1] == costs[2]
    assert costs[0][2] == 1
    assert await api.rows(users) == 1
    async with api.held.engine.connect() as connection:
        kinds = await connection.scalars(select(outbox.c.kind).order_by(outbox.c.position))
        assert kinds.all() == ["account.created", "account.exists", "account.exists"]
        actions = await connection.scalars(select(audit_log.c.action).order_by(audit_log.c.id))
        assert actions.all() == ["auth.signup", "auth.signup_again", "auth.signup_again"]
        assert (await connection.scalar(select(users.c.display_name))) == "First"


async def test_two_hundred_identical_sign_ups_make_one_account_and_few_e_mails(api: Api) -> None:
    body, answers = person(), []

    async def sign_up() -> None:
        answers.append(await api.client.post(SIGN_UP, json=body))

    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(sign_up)
    assert Counter((answer.status_code, answer.content) for answer in answers).most_common() == [
        ((201, answers[0].content), 200)
    ]
    assert await api.rows(users) == 1
    async with api.held.engine.connect() as connection:
        kinds = Counter((await connection.scalars(select(outbox.c.kind))).all())
    assert kinds["account.created"] == 1
    # Nobody fills another's letter box.
    assert 2 <= kinds["account.exists"] <= 3
    assert api.sample("petswipe_signups_total") == 1


async def test_sign_ups_and_log_ins_are_counted(api: Api) -> None:
    body = person()
    credentials = {"email": body["email"], "password": PASSWORD}
    await api.client.post(LOG_IN, json=credentials)
    await api.client.post(SIGN_UP, json=body)
    await api.client.post(SIGN_UP, json=body)
    await api.client.post(LOG_IN, json=credentials)
    await api.client.post(LOG_IN, json=credentials)
    assert api.sample("petswipe_signups_total") == 1
    assert api.sample("petswipe_logins_total", outcome="success") == 2
    assert api.sample("petswipe_logins_total", outcome="failure") == 1


async def test_the_password_is_stored_as_a_hash_only(api: Api) -> None:
    body = person()
    await api.client.post(SIGN_UP, json=body)
    async with api.held.engine.connect() as connection:
        stored = (await connection.execute(select(users))).one()
    assert stored.password_hash.startswith("$2b$04$")
    assert PASSWORD not in str(stored)


async def test_an_email_has_one_account_however_it_is_written(api: Api) -> None:
    body = person(email=f"Ada.{uuid4().hex}@People.Petswipe.Example")
    assert (await api.client.post(SIGN_UP, json=body)).status_code == 201
    for email in (body["email"], str(body["email"]).lower(), str(body["email"]).upper()):
        again = await api.client.post(SIGN_UP, json={**body, "email": email})
        assert again.status_code == 201
        answer = await api.client.post(LOG_IN, json={"email": email, "password": PASSWORD})
        assert answer.status_code == 200
    assert await api.rows(users) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "x" * 73},
        {"password": "é" * 37},
        {"password": "seven77"},
        {"password": "with a \0 inside"},
        {"password": "half a \ud800 pair"},
        {"password": 12345678},
        {"email": "nobody"},
        {"email": "a\0b@people.petswipe.example"},
        {"email": f"{'x' * 400}@people.petswipe.example"},
        {"display_name": ""},
        {"display_name": "x" * 201},
        {"display_name": "a\0b"},
        {"display_name": "a\ud800b"},
        {"email": None},
    ],
    ids=lambda wrong: ascii(wrong)[:40],
)
async def test_a_wrong_sign_up_is_refused_without_repeating_it(
    api: Api, wrong: dict[str, object]
) -> None:
    # httpx would not write half a surrogate pair; other clients do, as an escape.
    body = json.dumps(person(**wrong))
    as_json = {"content-type": "application/json"}
    answer = await api.client.post(SIGN_UP, content=body, headers=as_json)
    assert answer.status_code == 422, answer.text
    (field,) = wrong
    assert answer.json()["errors"][0]["field"] == f"body.{field}"
    assert str(wrong["password"] if field == "password" else PASSWORD) not in answer.text
    assert await api.rows(users) == 0


async def test_the_longest_passwords_work(api: Api) -> None:
    for password in ("x" * 72, "é" * 36):
        body = person(password=password)
        assert (await api.client.post(SIGN_UP, json=body)).status_code == 201
        longer = {"email": body["email"], "password": password + "x"}
        assert (await api.client.post(LOG_IN, json=longer)).status_code == 401
        right = {"email": body["email"], "password": password}
        assert (await api.client.post(LOG_IN, json=right)).status_code == 200


async def test_an_unknown_email_and_a_wrong_password_answer_and_cost_the_same(
    api: Api, adopter: Account
) -> None:
    closed = await api.join()
    async with api.held.engine.connect() as connection:
        await connection.execute(
            update(users).where(users.c.id == closed.id).values(is_active=False)
        )
    recorder = Recorder(4)
    api.app.state.resources = dataclasses.replace(api.held, passwords=recorder)
    tries = [
        *(
            (email, password)
            for email in (adopter.email, "nobody@people.petswipe.example")
            for password in ("wrong", "x" * 100, "a\0b")
        ),
        (closed.email, "correct horse battery"),
    ]
    answers, costs = [], []
    for email, password in tries:
        given = {"email": email, "password": password}
        with api.round_trips() as cost:
            answers.append(
                await api.client.post(LOG_IN, json=given, headers={"x-request-id": "the-same-id"})
            )
        # The first request of a window of time sets its end, whoever it asks for.
        del cost.commands["expire"]
        costs.append((cost.statements, cost.commands, recorder.take()))
        answers[-1].headers.pop("ratelimit")
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[0].json()["detail"] == "The e-mail or the password is wrong."
    assert all(cost == costs[0] for cost in costs)
    assert costs[0][2] == 1


async def test_failed_log_ins_are_noted_without_the_email(api: Api, adopter: Account) -> None:
    for email in (adopter.email, "nobody@people.petswipe.example"):
        await api.client.post(LOG_IN, json={"email": email, "password": "wrong"})
    failed = audit_log.c.action == "auth.login_failed"
    async with api.held.engine.connect() as connection:
        rows = (await connection.execute(select(audit_log).where(failed))).all()
    assert [row.actor_id for row in rows] == [adopter.id, None]
    assert {row.object_kind for row in rows} == {"account"}
    assert len({row.object_id for row in rows}) == 2
    assert "petswipe.example" not in str(rows)
    # Not a plain digest either, which whoever has a list of addresses could look up.
    plain = hashlib.sha256(adopter.email.encode()).hexdigest()
    assert plain not in str(rows)


@pytest.mark.parametrize("change", [{"is_active": False}, {"deleted_at": "now"}], ids=str)
async def test_an_account_that_is_closed_cannot_log_in(
    api: Api, adopter: Account, change: dict[str, object]
) -> None:
    body = {"email": adopter.email, "password": "correct horse battery"}
    assert (await api.client.post(LOG_IN, json=body)).status_code == 200
    values = {"deleted_at": users.c.created_at} if "deleted_at" in change else change
    async with api.held.engine.connect() as connection:
        await connection.execute(update(users).values(**values))
    assert (await api.client.post(LOG_IN, json=body)).status_code == 401
