from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from app.auth import Role
from app.pets.tables import pets

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio

REX: dict[str, object] = {
    "name": "Rex",
    "pet_type": "dog",
    "breed": "Boxer",
    "age_months": 12,
    "gender": "male",
    "size": "large",
    "latitude": 30.2672,
    "longitude": -97.7431,
    "description": "Rex is a calm Boxer.",
    "auto_match": True,
}


async def test_a_shelter_lists_a_pet_that_everybody_can_read(
    adopter: Account, shelter: Account
) -> None:
    created = await shelter.client.post("/api/pets", json=REX)
    assert created.status_code == 201
    pet = created.json()
    added = {"id": pet["id"], "owner_id": str(shelter.id), "is_available": True, "photo_url": None}
    assert pet == {**REX, **added}
    assert (await adopter.client.get(f"/api/pets/{pet['id']}")).json() == pet


async def test_an_administrator_may_list_a_pet(api: Api) -> None:
    administrator = await api.join(Role.ADMIN)
    assert (await administrator.client.post("/api/pets", json=REX)).status_code == 201


async def test_an_adopter_may_not_list_a_pet(api: Api, adopter: Account) -> None:
    refused = await adopter.client.post("/api/pets", json=REX)
    assert refused.status_code == 403
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == "This needs the role shelter or admin."
    assert await api.rows(pets) == 0


async def test_nobody_lists_a_pet_without_logging_in(api: Api) -> None:
    assert (await api.client.post("/api/pets", json=REX)).status_code == 401
    assert await api.rows(pets) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 101},
        {"name": "a\0b"},
        {"breed": "a\0b"},
        {"description": "a\0b"},
        {"description": "x" * 4001},
        {"pet_type": "fish"},
        {"gender": None},
        {"size": "huge"},
        {"age_months": -1},
        {"age_months": 601},
        {"age_months": 1.5},
        {"latitude": 90.1},
        {"longitude": -180.1},
        {"latitude": "north"},
    ],
    ids=lambda wrong: ascii(wrong)[:40],
)
async def test_a_pet_that_cannot_be_is_refused(
    api: Api, shelter: Account, wrong: dict[str, object]
) -> None:
    refused = await shelter.client.post("/api/pets", json={**REX, **wrong})
    assert refused.status_code == 422
    (field,) = wrong
    assert [error["field"] for error in refused.json()["errors"]] == [f"body.{field}"]
    assert await api.rows(pets) == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_place_that_is_no_number_is_refused(shelter: Account, number: str) -> None:
    body = str(REX).replace("30.2672", number).replace("'", '"').replace("True", "true")
    as_json = {"content-type": "application/json"}
    refused = await shelter.client.post("/api/pets", content=body, headers=as_json)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "body.latitude"


async def test_the_extremes_are_accepted(shelter: Account) -> None:
    for extreme in (
        {"latitude": 90, "longitude": 180, "age_months": 600},
        {"latitude": -90, "longitude": -180, "age_months": 0},
        {"name": "x" * 100, "description": "x" * 4000},
        {"name": "  Zoë  ", "description": ""},
    ):
        created = await shelter.client.post("/api/pets", json={**REX, **extreme})
        assert created.status_code == 201
    assert created.json()["name"] == "Zoë"


async def test_pages_show_every_pet_once(api: Api, adopter: Account) -> None:
    ids = await api.list_pets(23)
    seen: list[str] = []
    pages = 0
    cursor: str | None = None
    while pages == 0 or cursor is not None:
        params = {"limit": "5", **({"cursor": cursor} if cursor else {})}
        page = (await adopter.client.get("/api/pets", params=params)).json()
        seen += [pet["id"] for pet in page["items"]]
        cursor = page["next_cursor"]
        pages += 1
    assert sorted(seen) == sorted(ids)
    assert pages == 5


async def test_a_page_that_is_exactly_full_is_the_last(api: Api, adopter: Account) -> None:
    await api.list_pets(4)
    page = (await adopter.client.get("/api/pets", params={"limit": "4"})).json()
    assert len(page["items"]) == 4
    assert page["next_cursor"] is None


async def test_only_adoptable_pets_of_the_wanted_type_are_listed(
    api: Api, adopter: Account
) -> None:
    dog, adopted, removed = await api.list_pets(3)
    (cat,) = await api.list_pets(1, pet_type="cat")
    async with api.held.engine.connect() as connection:
        await connection.execute(
            update(pets).where(pets.c.id == adopted).values(is_available=False)
        )
        gone = update(pets).where(pets.c.id == removed).values(deleted_at=pets.c.created_at)
        await connection.execute(gone)

    async def listed(**params: str) -> set[str]:
        answer = await adopter.client.get("/api/pets", params=params)
        return {pet["id"] for pet in answer.json()["items"]}

    assert await listed() == {dog, cat}
    assert await listed(pet_type="cat") == {cat}
    assert await listed(pet_type="bird") == set()
    assert (await adopter.client.get(f"/api/pets/{adopted}")).json()["is_available"] is False
    assert (await adopter.client.get(f"/api/pets/{removed}")).status_code == 404


@pytest.mark.parametrize(
    "params",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "9" * 30}, {"cursor": "x"}, {"pet_type": "fish"}],
    ids=str,
)
async def test_a_wrong_question_is_refused(adopter: Account, params: dict[str, str]) -> None:
    refused = await adopter.client.get("/api/pets", params=params)
    assert refused.status_code == 422
    (field,) = params
    assert refused.json()["errors"][0]["field"] == f"query.{field}"


async def test_a_pet_that_never_was_is_not_found(adopter: Account) -> None:
    refused = await adopter.client.get(f"/api/pets/{uuid4()}")
    assert refused.status_code == 404
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["detail"] == "There is no such pet."
    assert (await adopter.client.get("/api/pets/rex")).status_code == 422
