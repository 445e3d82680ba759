from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from redis import Redis
from sqlalchemy import select

from app.audit.tables import audit_log
from app.auth import Role
from app.cache import object_key

if TYPE_CHECKING:
    from httpx import AsyncClient

    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
PETS = "/api/pets"
MINE = "/api/pets/mine"
AUSTIN = {"latitude": 30.2672, "longitude": -97.7431}


async def put_up(owner: Account, **given: object) -> str:
    pet = {
        "name": "Rex",
        "pet_type": "dog",
        "breed": "Boxer",
        "age_months": 12,
        "gender": "male",
        "size": "large",
        **AUSTIN,
        **given,
    }
    created = await owner.client.post(PETS, json=pet)
    assert created.status_code == 201, created.text
    pet_id: str = created.json()["id"]
    return pet_id


async def found(client: AsyncClient, **wanted: Any) -> set[str]:
    answer = await client.get(PETS, params=wanted)
    assert answer.status_code == 200, answer.text
    return {pet["name"] for pet in answer.json()["items"]}


async def test_an_owner_changes_a_pet_and_everybody_sees_it_at_once(
    adopter: Account, shelter: Account
) -> None:
    path = f"{PETS}/{await put_up(shelter)}"
    before = (await adopter.client.get(path)).json()
    changed = await shelter.client.patch(path, json={"name": "Max", "age_months": 13})
    assert changed.status_code == 200
    assert changed.json() == {**before, "name": "Max", "age_months": 13}
    assert (await adopter.client.get(path)).json() == changed.json()


async def test_a_change_of_nothing_is_none(shelter: Account) -> None:
    path = f"{PETS}/{await put_up(shelter)}"
    changed = await shelter.client.patch(path, json={})
    assert changed.json() == (await shelter.client.get(path)).json()


async def test_an_administrator_changes_any_pet_and_others_only_their_own(
    api: Api, shelter: Account
) -> None:
    path = f"{PETS}/{await put_up(shelter)}"
    other, admin = await api.join(Role.SHELTER), await api.join(Role.ADMIN)
    for refused in (
        await other.client.patch(path, json={"name": "Mine"}),
        await other.client.delete(path),
    ):
        assert refused.status_code == 404
    assert (await admin.client.patch(path, json={"name": "Max"})).status_code == 200
    assert (await shelter.client.get(path)).json()["name"] == "Max"


async def test_a_deleted_pet_is_gone_for_everybody_at_once(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await put_up(shelter)
    path = f"{PETS}/{pet}"
    assert (await adopter.client.get(path)).status_code == 200
    assert (await shelter.client.delete(path)).status_code == 204
    for client in (adopter.client, shelter.client):
        assert (await client.get(path)).status_code == 404
    assert (await shelter.client.delete(path)).status_code == 404
    assert (await shelter.client.get(MINE)).json()["items"] == []
    swiped = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
    assert swiped.status_code == 404
    async with api.held.engine.connect() as connection:
        noted = select(audit_log.c.action).where(audit_log.c.object_id == pet)
        actions = (await connection.execute(noted.order_by(audit_log.c.id))).scalars().all()
    assert actions == ["pet.create", "pet.delete"]


async def test_owners_see_their_own_pets_and_those_that_are_not_available_too(
    api: Api, adopter: Account, shelter: Account
) -> None:
    hidden = await put_up(shelter, name="Hidden")
    await put_up(shelter, name="Shown")
    await put_up(await api.join(Role.SHELTER), name="Other")
    await shelter.client.patch(f"{PETS}/{hidden}", json={"is_available": False})
    mine = (await shelter.client.get(MINE)).json()["items"]
    assert {pet["name"] for pet in mine} == {"Hidden", "Shown"}
    assert await found(adopter.client) == {"Shown", "Other"}
    assert (await adopter.client.get(MINE)).json() == {"items": [], "next_cursor": None}


async def test_pets_are_listed_by_what_is_wanted(adopter: Account, shelter: Account) -> None:
    await put_up(shelter, name="Old", age_months=120, breed="Beagle")
    await put_up(shelter, name="Cat", pet_type="cat", breed="Persian", size="small")
    await put_up(shelter, name="Girl", gender="female", age_months=24)
    client = adopter.client
    assert await found(client, pet_type="cat") == {"Cat"}
    assert await found(client, breed="bEAGLE") == {"Old"}
    assert await found(client, gender="female") == {"Girl"}
    assert await found(client, size="large", pet_type="dog") == {"Old", "Girl"}
    assert await found(client, age_months_min=24) == {"Old", "Girl"}
    assert await found(client, age_months_min=24, age_months_max=24) == {"Girl"}


async def test_pets_near_a_place_are_found_across_the_date_line(
    adopter: Account, shelter: Account
) -> None:
    await put_up(shelter, name="West", latitude=-17.0, longitude=179.9)
    await put_up(shelter, name="East", latitude=-17.0, longitude=-179.9)
    await put_up(shelter, name="Far", latitude=-17.0, longitude=178.0)
    place = {"latitude": -17.0, "longitude": 179.95, "radius_km": 30}
    assert await found(adopter.client, **place) == {"West", "East"}


@pytest.mark.parametrize(
    "wanted",
    [
        {"latitude": 1},
        {"latitude": 1, "longitude": 1},
        {"radius_km": 10},
        {"age_months_min": 5, "age_months_max": 4},
        {"latitude": "nan", "longitude": 1, "radius_km": 10},
        {"breed": "a\0b"},
        {"limit": 101},
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused(
    adopter: Account, wanted: dict[str, Any]
) -> None:
    assert (await adopter.client.get(PETS, params=wanted)).status_code == 422


@pytest.mark.parametrize("wrong", [{"age_months": True}, {"auto_match": 1}, {"latitude": "30"}])
async def test_a_body_is_taken_by_its_word(shelter: Account, wrong: dict[str, Any]) -> None:
    path = f"{PETS}/{await put_up(shelter)}"
    assert (await shelter.client.patch(path, json=wrong)).status_code == 422


async def test_reading_a_pet_again_asks_the_cache_only(
    api: Api, adopter: Account, shelter: Account
) -> None:
    path = f"{PETS}/{await put_up(shelter)}"
    await adopter.client.get(path)
    with api.round_trips() as seen:
        assert (await adopter.client.get(path)).status_code == 200
    assert seen.statements == []


async def test_what_another_release_has_cached_is_read_anew(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await put_up(shelter)
    with Redis.from_url(str(api.held.settings.cache_url)) as cache:
        cache.set(object_key("pet", pet), '{"name": "an older form"}')
    assert (await adopter.client.get(f"{PETS}/{pet}")).json()["name"] == "Rex"


async def test_paging_through_filtered_pets_finds_each_once(
    adopter: Account, shelter: Account
) -> None:
    expected = {await put_up(shelter, name=f"Pet {number}") for number in range(7)}
    seen: list[str] = []
    cursor = None
    while True:
        wanted: dict[str, Any] = {"limit": 3, "pet_type": "dog"}
        if cursor is not None:
            wanted["cursor"] = cursor
        page = (await adopter.client.get(PETS, params=wanted)).json()
        seen += [pet["id"] for pet in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 7
    assert set(seen) == expected
