from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.auth import Role
from app.idempotency.service import forget_old_keys
from app.idempotency.tables import idempotency_keys
from app.pets.tables import pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from httpx import Response

    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
CREATE = "/api/pets"


def new_pet(**given: object) -> dict[str, object]:
    return {
        "name": "Rex",
        "pet_type": "dog",
        "breed": "Boxer",
        "age_months": 12,
        "gender": "male",
        "size": "large",
        "latitude": 30.0,
        "longitude": -97.0,
        **given,
    }


def key(value: str = "") -> dict[str, str]:
    return {"Idempotency-Key": value or str(uuid4())}


async def create(account: Account, headers: dict[str, str], **given: object) -> Response:
    return await account.client.post(CREATE, json=new_pet(**given), headers=headers)


async def test_the_same_request_again_is_answered_byte_for_byte_and_done_once(
    api: Api, shelter: Account
) -> None:
    headers = key()
    first = await create(shelter, headers)
    again = await create(shelter, headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert await api.rows(pets) == 1


async def test_the_drafts_quotes_around_a_key_are_no_part_of_it(api: Api, shelter: Account) -> None:
    await create(shelter, key("one-key"))
    assert (await create(shelter, key('"one-key"'))).headers["idempotency-replayed"] == "true"
    assert await api.rows(pets) == 1


async def test_a_key_with_another_payload_is_refused(api: Api, shelter: Account) -> None:
    headers = key()
    await create(shelter, headers)
    other = await create(shelter, headers, name="Max")
    assert other.status_code == 422
    assert "another request" in other.json()["detail"]
    assert await api.rows(pets) == 1


async def test_a_key_belongs_to_one_caller_and_one_route(api: Api, shelter: Account) -> None:
    headers = key()
    first = await create(shelter, headers)
    other = await create(await api.join(Role.SHELTER), headers)
    assert other.status_code == 201
    assert other.json()["id"] != first.json()["id"]
    body = {"pet_id": first.json()["id"], "liked": True}
    adopter = await api.join()
    swiped = await adopter.client.post("/api/swipes", json=body, headers=headers)
    assert swiped.status_code == 201


async def test_a_refused_request_does_not_use_its_key_up(api: Api, shelter: Account) -> None:
    headers = key()
    assert (await create(shelter, headers, age_months=-1)).status_code == 422
    assert (await create(shelter, headers)).status_code == 201
    assert await api.rows(idempotency_keys) == 1


async def test_somebody_else_with_the_key_but_without_a_token_gets_nothing(
    api: Api, shelter: Account
) -> None:
    headers = key()
    await create(shelter, headers)
    assert (await api.client.post(CREATE, json=new_pet(), headers=headers)).status_code == 401


@pytest.mark.parametrize("bad", ["", '"', "with space", "x" * 256, "\u00e9"])
async def test_what_is_no_key_is_refused(shelter: Account, bad: str) -> None:
    headers = [(b"Idempotency-Key", bad.encode("latin-1"))]
    answer = await shelter.client.post(CREATE, json=new_pet(), headers=headers)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_two_hundred_at_once_make_one_row(api: Api, shelter: Account) -> None:
    headers = key()
    answers = await asyncio.gather(*(create(shelter, headers) for _ in range(200)))
    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert await api.rows(pets) == 1
    assert (await create(shelter, headers)).content in made


async def test_a_swipe_with_a_key_is_counted_once(api: Api) -> None:
    (pet,) = await api.list_pets(1)
    adopter = await api.join()
    headers = key()
    body = {"pet_id": pet, "liked": True}
    first = await adopter.client.post("/api/swipes", json=body, headers=headers)
    again = await adopter.client.post("/api/swipes", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert await api.rows(swipes) == 1
    assert api.sample("petswipe_swipes_total", direction="like") == 1


async def test_keys_are_forgotten_after_a_day(api: Api, shelter: Account) -> None:
    headers = key()
    await create(shelter, headers)
    await create(shelter, key())
    async with api.held.engine.connect() as connection:
        await connection.execute(
            update(idempotency_keys)
            .where(idempotency_keys.c.key == headers["Idempotency-Key"])
            .values(created_at=func.now() - timedelta(hours=25))
        )
        assert (await create(shelter, headers)).headers.get("idempotency-replayed") is None
        await connection.execute(
            update(idempotency_keys).values(created_at=func.now() - timedelta(hours=25))
        )
        assert await forget_old_keys(connection) == 2
        assert await connection.scalar(select(func.count()).select_from(idempotency_keys)) == 0
