from __future__ import annotations

import json
from typing import TYPE_CHECKING
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import select, update

from app.accounts.tables import users

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
PASSWORD = "a long and good one"
SIGN_UP = "/api/auth/signup"
LOG_IN = "/api/auth/login"


def person(**given: object) -> dict[str, object]:
    email = f"{uuid4().hex}@people.petswipe.example"
    return {"email": email, "password": PASSWORD, "display_name": "Zoë", **given}


async def test_who_signs_up_can_log_in_and_use_the_token(api: Api) -> None:
    body = person()
    created = await api.client.post(SIGN_UP, json=body)
    assert created.status_code == 201
    assert created.json() == {
        "id": created.json()["id"],
        "email": body["email"],
        "display_name": "Zoë",
        "role": "user",
    }
    logged = await api.client.post(LOG_IN, json={"email": body["email"], "password": PASSWORD})
    assert logged.status_code == 200
    token = logged.json()["access_token"]
    assert logged.json() == {"access_token": token, "token_type": "bearer", "expires_in": 3600}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["sub"] == created.json()["id"]
    assert claims["role"] == "user"
    assert (await api.with_token(token).get("/api/swipes")).json() == {"items": []}


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
        assert again.status_code == 409
        assert again.headers["content-type"] == "application/problem+json"
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


async def test_an_unknown_email_and_a_wrong_password_answer_alike(
    api: Api, adopter: Account
) -> None:
    known, unknown = adopter.email, "nobody@people.petswipe.example"
    same_id = {"x-request-id": "the-same-id"}
    answers = [
        await api.client.post(LOG_IN, json={"email": email, "password": password}, headers=same_id)
        for email in (known, unknown)
        for password in ("wrong", "x" * 100, "a\0b")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"] == "Bearer"
    assert answers[0].json()["detail"] == "The e-mail or the password is wrong."


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
