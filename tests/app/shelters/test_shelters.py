from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import func, select, text

from app.audit.tables import audit_log
from app.auth import Role
from app.geo import nearby
from app.pets.tables import pets
from app.seed.catalogue import build_catalogue
from app.seed.load import load
from app.shelters.tables import shelters

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.settings import Settings
    from tests.app.conftest import Account, Api, Elsewhere, OpenApi

pytestmark = pytest.mark.anyio
ROUTE = "/api/shelters"
MINE = "/api/shelters/me"
AUSTIN = {"latitude": 30.27, "longitude": -97.74}
KEY = "canary-yelp-key"


def profile(**given: object) -> dict[str, object]:
    return {"name": "Paws & Co.", "city": "Austin", **AUSTIN, **given}


async def settle(api: Api, **given: object) -> Account:
    shelter = await api.join(Role.SHELTER)
    stored = await shelter.client.put(MINE, json=profile(**given))
    assert stored.status_code == 200, stored.text
    return shelter


async def near(account: Account, **given: object) -> list[dict[str, Any]]:
    params: Any = {**AUSTIN, **given}
    answer = await account.client.get(ROUTE, params=params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_shelter_says_where_it_is_and_may_say_it_anew(api: Api, shelter: Account) -> None:
    first = await shelter.client.put(MINE, json=profile(website="https://paws.example/a?b=c"))
    assert first.json() == {
        "id": str(shelter.id),
        **profile(website="https://paws.example/a?b=c", phone=None),
    }
    second = await shelter.client.put(MINE, json=profile(name="Claws", phone="+1 (512) 555-0100"))
    assert second.json()["name"] == "Claws"
    assert second.json()["website"] is None
    assert await api.rows(shelters) == 1
    async with api.held.engine.connect() as connection:
        noted = await connection.scalars(
            select(audit_log.c.action).where(audit_log.c.actor_id == shelter.id)
        )
        assert noted.all().count("shelter.update") == 2


@pytest.mark.parametrize("role", [Role.USER, Role.ADMIN])
async def test_nobody_else_has_a_profile(api: Api, role: Role) -> None:
    account = await api.join(role)
    assert (await account.client.put(MINE, json=profile())).status_code == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"website": "javascript:alert(1)"},
        {"website": "ftp://paws.example"},
        {"website": "https://paws.example/<script>"},
        {"website": "https://" + "x" * 500},
        {"website": "https://paws.example/\n"},
        {"name": "  "},
        {"city": "a\x00"},
        {"latitude": 90.1},
        {"longitude": "nan"},
        {"longitude": True},
        {"latitude": "30"},
        {"phone": "call me"},
    ],
)
async def test_a_profile_that_makes_no_sense_is_refused(
    shelter: Account, wrong: dict[str, object]
) -> None:
    assert (await shelter.client.put(MINE, json=profile(**wrong))).status_code == 422


async def test_the_nearest_come_first_with_the_pets_that_they_have(
    api: Api, adopter: Account
) -> None:
    far = await settle(api, name="Dallas", latitude=32.78, longitude=-96.8)
    close = await settle(api, name="Austin")
    for owner, count in ((far, 1), (close, 3)):
        for _ in range(count):
            pet = {"name": "Rex", "pet_type": "dog", "breed": "Mix", "age_months": 1}
            pet |= {"gender": "male", "size": "small", **AUSTIN}
            assert (await owner.client.post("/api/pets", json=pet)).status_code == 201
    async with api.held.engine.connect() as connection:
        gone = select(pets.c.id).where(pets.c.owner_id == close.id).limit(1).scalar_subquery()
        await connection.execute(
            pets.update().where(pets.c.id == gone).values(deleted_at=func.now())
        )
    assert [s["name"] for s in await near(adopter)] == ["Austin"]
    with api.round_trips() as asked:
        found = await near(adopter, radius_km=500)
    assert [(s["name"], s["available_pets"]) for s in found] == [("Austin", 2), ("Dallas", 1)]
    assert found[0]["distance_km"] == 0
    assert found[1]["distance_km"] == pytest.approx(293, abs=3)
    assert len(asked.statements) == 1
    assert len(await near(adopter, radius_km=500, limit=1)) == 1


async def test_places_are_kept_to_the_centimetre(api: Api, adopter: Account) -> None:
    await settle(api, latitude=3e-261, longitude=1.23456789)
    for place in ({"latitude": 0, "longitude": 1.2345679}, {"latitude": -7e-230, "longitude": 1}):
        (found,) = await near(adopter, **place)
        assert (found["latitude"], found["longitude"]) == (0, 1.2345679)


async def test_the_date_line_is_no_border(api: Api, adopter: Account) -> None:
    await settle(api, name="Fiji", latitude=-17, longitude=179.9)
    found = await near(adopter, latitude=-17, longitude=-179.9, radius_km=30)
    assert [s["name"] for s in found] == ["Fiji"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"latitude": "nan"},
        {"longitude": "inf"},
        {"latitude": 91},
        {"radius_km": 501},
        {"radius_km": -1},
        {"limit": 0},
        {"limit": 101},
    ],
)
async def test_a_place_that_is_none_is_refused(adopter: Account, wrong: dict[str, object]) -> None:
    params: Any = {**AUSTIN, **wrong}
    assert (await adopter.client.get(ROUTE, params=params)).status_code == 422


async def test_a_place_must_be_given(adopter: Account) -> None:
    assert (await adopter.client.get(ROUTE)).status_code == 422


async def test_the_demo_catalogue_brings_its_shelters(api: Api, adopter: Account) -> None:
    catalogue = build_catalogue(pets=50)
    for _ in range(2):
        await load(api.held.engine, catalogue, 0, "a long and good one", rounds=4)
    assert await api.rows(shelters) == len(catalogue.shelters)
    first = (await near(adopter))[0]
    assert first["city"] == "Austin, TX"
    expected = [p for p in catalogue.pets if str(p.shelter_id) == first["id"]]
    assert first["available_pets"] == len(expected)


SETTLE_MANY = """
WITH people AS (
  INSERT INTO users (id, email, password_hash, display_name, role)
  SELECT gen_random_uuid(), 'shelter-' || n || '@people.petswipe.example', '', '', 'shelter'
  FROM generate_series(1, 3000) AS n RETURNING id
)
INSERT INTO shelters (user_id, name, city, latitude, longitude)
SELECT id, 'x', 'y', random() * 180 - 90, random() * 360 - 180 FROM people
"""


async def test_a_place_is_found_by_its_index(api: Api) -> None:
    close = nearby(shelters.c.latitude, shelters.c.longitude, 30, -97, 50)
    query = select(shelters.c.user_id).where(close)
    asked = query.compile(api.held.engine.sync_engine, compile_kwargs={"literal_binds": True})
    async with api.held.engine.connect() as connection:
        await connection.execute(text(SETTLE_MANY))
        await connection.execute(text("ANALYZE shelters"))
        plan = "\n".join((await connection.scalars(text(f"EXPLAIN {asked}"))).all())
    assert "ix_shelters_location" in plan


def business(**given: object) -> dict[str, object]:
    return {
        "name": "PAWS & Co",
        "rating": 4.5,
        "url": "https://www.yelp.com/biz/paws",
        "coordinates": AUSTIN,
        **given,
    }


def says(yelp: Elsewhere, *businesses: dict[str, object]) -> None:
    yelp.content = json.dumps({"businesses": businesses}).encode()


@pytest.fixture
def yelp(elsewhere: Elsewhere) -> Elsewhere:
    return elsewhere


async def test_yelp_is_asked_once_about_a_place(
    settings: Settings, open_api: OpenApi, yelp: Elsewhere
) -> None:
    says(
        yelp,
        business(name="Other", rating=1),
        business(coordinates={"latitude": 0, "longitude": 0}, rating=2),
        business(),
    )
    async with open_api(settings, yelp_api_key=KEY, yelp_url=yelp.url) as api:
        adopter = await api.join()
        await settle(api)
        for _ in range(2):
            (found,) = await near(adopter, latitude=30.271234)
            assert found["rating"] == 4.5
            assert found["review_url"] == "https://www.yelp.com/biz/paws"
        (name,) = await api.held.cache.keys("object:yelp:*")
        assert 300 <= await api.held.cache.ttl(name) <= 3600
    (asked,) = yelp.asked
    assert asked.headers["Authorization"] == f"Bearer {KEY}"
    address = urlsplit(asked.path)
    assert address.path == "/v3/businesses/search"
    assert parse_qs(address.query) == {
        "latitude": ["30.27"],
        "longitude": ["-97.74"],
        "radius": ["40000"],
        "term": ["animal shelter"],
        "limit": ["50"],
    }


@pytest.mark.parametrize(
    "strange",
    [{"url": "javascript:alert(1)", "rating": float("nan")}, {"url": None, "rating": 77}],
)
async def test_what_nobody_can_show_is_left_out(
    settings: Settings, open_api: OpenApi, yelp: Elsewhere, strange: dict[str, object]
) -> None:
    says(yelp, business(**strange))
    async with open_api(settings, yelp_api_key=KEY, yelp_url=yelp.url) as api:
        adopter = await api.join()
        await settle(api)
        (found,) = await near(adopter)
        assert (found["rating"], found["review_url"]) == (None, None)


def fail(yelp: Elsewhere) -> None:
    yelp.status = 429


def say_something_else(yelp: Elsewhere) -> None:
    yelp.content = b'{"businesses": [{"name": "\\ud800"}]}'


def hang(yelp: Elsewhere) -> None:
    yelp.stuck = True


@pytest.mark.parametrize("misbehave", [fail, say_something_else, hang])
async def test_shelters_are_listed_whatever_yelp_does(
    settings: Settings,
    open_api: OpenApi,
    yelp: Elsewhere,
    misbehave: Callable[[Elsewhere], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    misbehave(yelp)
    given = {"yelp_url": yelp.url, "remote_timeout_seconds": 0.5}
    async with open_api(settings, yelp_api_key=KEY, **given) as api:
        adopter = await api.join()
        await settle(api)
        for _ in range(2):
            (found,) = await near(adopter)
            assert found["rating"] is None
    # The second answer does not wait for it again.
    assert len(yelp.asked) == 1
    assert "shelters.yelp.failed" in caplog.text
    assert KEY not in caplog.text


async def test_yelp_is_asked_without_a_cache_too(
    settings: Settings, open_api: OpenApi, yelp: Elsewhere, free_port: int
) -> None:
    says(yelp, business())
    given = {"yelp_url": yelp.url, "cache_url": f"redis://127.0.0.1:{free_port}"}
    async with open_api(settings, yelp_api_key=KEY, **given) as api:
        adopter = await api.join()
        await settle(api)
        (found,) = await near(adopter)
        assert found["rating"] == 4.5


async def test_without_a_key_nobody_is_asked(
    settings: Settings, open_api: OpenApi, yelp: Elsewhere
) -> None:
    async with open_api(settings, yelp_url=yelp.url) as api:
        adopter = await api.join()
        await settle(api)
        (found,) = await near(adopter)
        assert found["rating"] is None
    assert yelp.asked == []
