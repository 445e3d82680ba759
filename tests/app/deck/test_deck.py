from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from sqlalchemy import update

from app.cache import deck_key
from app.pets.schemas import Card
from app.pets.tables import pets

if TYPE_CHECKING:
    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio


def ids(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    deck = answer.json()
    assert deck["empty"] is (deck["items"] == [])
    return [card["id"] for card in deck["items"]]


def reads(api: Api) -> dict[str, float]:
    return {
        result: api.sample("petswipe_cache_requests_total", cache="deck", result=result)
        for result in ("hit", "miss", "error")
    }


async def test_the_first_read_misses_and_the_second_hits(api: Api, adopter: Account) -> None:
    pets_there = await api.list_pets(5)
    first = await adopter.client.get("/api/deck")
    assert reads(api) == {"hit": 0, "miss": 1, "error": 0}
    second = await adopter.client.get("/api/deck")
    assert reads(api) == {"hit": 1, "miss": 1, "error": 0}
    assert sorted(ids(first)) == sorted(ids(second)) == sorted(pets_there)
    assert first.headers["content-type"] == second.headers["content-type"] == "application/json"


async def test_a_card_shows_the_pet_and_nothing_internal(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, name='Zoë "the \\ cat"', description="Two\nlines </script>")
    page = (await adopter.client.get(f"/api/pets/{pet}")).json()
    for _ in ("built", "cached"):
        (card,) = (await adopter.client.get("/api/deck")).json()["items"]
        assert card == {name: page[name] for name in Card.model_fields}
    assert "auto_match" not in card


async def test_a_deck_holds_at_most_a_hundred_pets(api: Api, adopter: Account) -> None:
    await api.list_pets(103)
    for _ in ("built", "cached"):
        found = ids(await adopter.client.get("/api/deck"))
        assert len(set(found)) == len(found) == 100


async def test_every_adopter_has_a_deck_of_their_own(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1)
    await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
    other = await api.join()
    assert ids(await adopter.client.get("/api/deck")) == []
    assert ids(await other.client.get("/api/deck")) == [pet]


async def test_a_swipe_takes_its_card_out(api: Api, adopter: Account) -> None:
    await api.list_pets(3)
    first, *others = ids(await adopter.client.get("/api/deck"))
    await adopter.client.post("/api/swipes", json={"pet_id": first, "liked": False})
    assert sorted(ids(await adopter.client.get("/api/deck"))) == sorted(others)
    assert reads(api) == {"hit": 1, "miss": 1, "error": 0}


async def test_an_exhausted_deck_is_built_again(api: Api, adopter: Account) -> None:
    await api.list_pets(3)
    for pet in ids(await adopter.client.get("/api/deck")):
        await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": False})
    fresh = await api.list_pets(2)
    assert sorted(ids(await adopter.client.get("/api/deck"))) == sorted(fresh)
    assert reads(api) == {"hit": 0, "miss": 2, "error": 0}


async def test_an_empty_deck_says_so_and_is_not_remembered(api: Api, adopter: Account) -> None:
    empty = await adopter.client.get("/api/deck")
    assert empty.json() == {"items": [], "empty": True}
    pets_there = await api.list_pets(1)
    assert ids(await adopter.client.get("/api/deck")) == pets_there
    assert reads(api) == {"hit": 0, "miss": 2, "error": 0}


async def test_a_pet_that_is_gone_leaves_the_deck_when_it_is_swiped(
    api: Api, adopter: Account
) -> None:
    gone, there = await api.list_pets(2)
    assert len(ids(await adopter.client.get("/api/deck"))) == 2
    async with api.held.engine.connect() as connection:
        await connection.execute(update(pets).where(pets.c.id == gone).values(is_available=False))
    assert len(ids(await adopter.client.get("/api/deck"))) == 2
    refused = await adopter.client.post("/api/swipes", json={"pet_id": gone, "liked": True})
    assert refused.status_code == 404
    assert ids(await adopter.client.get("/api/deck")) == [there]


async def test_a_card_that_came_back_leaves_the_deck_when_it_is_swiped_again(
    api: Api, adopter: Account
) -> None:
    await api.list_pets(2)
    first, second = ids(await adopter.client.get("/api/deck"))
    key = deck_key(adopter.id)
    swipe = {"pet_id": first, "liked": True}
    assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 201
    # As when the deck was being built while the swipe was being stored.
    await api.held.cache.hdel(key, first)
    assert len(ids(await adopter.client.get("/api/deck"))) == 2
    assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 200
    assert ids(await adopter.client.get("/api/deck")) == [second]


async def prefer(adopter: Account, **wanted: object) -> None:
    answer = await adopter.client.put("/api/users/me/preferences", json=wanted)
    assert answer.status_code == 200, answer.text


AUSTIN = {"latitude": 30.2672, "longitude": -97.7431}
# Half a degree of latitude away: 55.6 km.
NORTH = {"latitude": 30.7672, "longitude": -97.7431}
# On both sides of the date line, 44.5 km apart.
WEST, EAST = {"latitude": 0.0, "longitude": 179.8}, {"latitude": 0.0, "longitude": -179.8}


@pytest.mark.parametrize(
    ("wanted", "fits", "does_not"),
    [
        ({"pet_type": "cat"}, [{"pet_type": "cat"}], [{"pet_type": "dog"}]),
        ({"size": "small"}, [{"size": "small"}], [{"size": "medium"}]),
        ({"age_months_min": 12}, [{"age_months": 12}, {"age_months": 90}], [{"age_months": 11}]),
        ({"age_months_max": 12}, [{"age_months": 12}, {"age_months": 0}], [{"age_months": 13}]),
        (
            {"age_months_min": 5, "age_months_max": 6},
            [{"age_months": 5}, {"age_months": 6}],
            [{"age_months": 4}, {"age_months": 7}],
        ),
        ({**AUSTIN, "radius_km": 50}, [AUSTIN], [NORTH]),
        ({**AUSTIN, "radius_km": 56}, [AUSTIN, NORTH], [WEST]),
        ({**WEST, "radius_km": 50}, [WEST, EAST], [AUSTIN]),
        (
            {**AUSTIN, "radius_km": 50, "pet_type": "cat", "size": "small", "age_months_max": 20},
            [{**AUSTIN, "pet_type": "cat", "size": "small", "age_months": 20}],
            [
                {**NORTH, "pet_type": "cat", "size": "small", "age_months": 20},
                {**AUSTIN, "pet_type": "dog", "size": "small", "age_months": 20},
                {**AUSTIN, "pet_type": "cat", "size": "large", "age_months": 20},
                {**AUSTIN, "pet_type": "cat", "size": "small", "age_months": 21},
            ],
        ),
        ({}, [{"pet_type": "cat"}, NORTH, EAST], []),
    ],
    ids=lambda given: ascii(given)[:60] if isinstance(given, dict) else None,
)
async def test_the_deck_holds_what_the_adopter_looks_for(
    api: Api,
    adopter: Account,
    wanted: dict[str, object],
    fits: list[dict[str, object]],
    does_not: list[dict[str, object]],
) -> None:
    right = [pet for given in fits for pet in await api.list_pets(1, **given)]
    for given in does_not:
        await api.list_pets(1, **given)
    await prefer(adopter, **wanted)
    assert sorted(ids(await adopter.client.get("/api/deck"))) == sorted(right)


async def test_a_new_wish_makes_a_new_deck(api: Api, adopter: Account) -> None:
    (dog,), (cat,) = await api.list_pets(1), await api.list_pets(1, pet_type="cat")
    assert sorted(ids(await adopter.client.get("/api/deck"))) == sorted([dog, cat])
    await prefer(adopter, pet_type="cat")
    assert ids(await adopter.client.get("/api/deck")) == [cat]


async def test_nobody_finds_their_own_pet_in_the_deck(api: Api, shelter: Account) -> None:
    own, other = await api.list_pets(2)
    async with api.held.engine.connect() as connection:
        mine = update(pets).where(pets.c.id == UUID(own)).values(owner_id=shelter.id)
        await connection.execute(mine)
    assert ids(await shelter.client.get("/api/deck")) == [other]


async def test_a_deck_starts_anywhere_and_goes_once_around(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, deck_size=4) as api:
        adopter = await api.join()
        there = await api.list_pets(10)
        async with api.held.engine.connect() as connection:
            for number, pet in enumerate(there):
                placed = update(pets).where(pets.c.id == UUID(pet)).values(shuffle=number / 10)
                await connection.execute(placed)
        drawn = set()
        for _ in range(60):
            deck = ids(await adopter.client.get("/api/deck"))
            await api.held.cache.delete(deck_key(adopter.id))
            places = sorted(there.index(pet) for pet in deck)
            # Four neighbours on the circle.
            assert places in [sorted((start + n) % 10 for n in range(4)) for start in range(10)]
            drawn.add(tuple(deck))
        assert {pet for deck in drawn for pet in deck} == set(there)
        # Their order is no neighbourhood.
        assert len(drawn) > 10


async def test_a_deck_is_forgotten_after_its_time(api: Api, adopter: Account) -> None:
    await api.list_pets(1)
    await adopter.client.get("/api/deck")
    left = await api.held.cache.ttl(deck_key(adopter.id))
    assert 0 < left <= api.held.settings.deck_ttl_seconds


async def test_a_hit_costs_one_command_and_a_miss_two_statements(
    api: Api, adopter: Account
) -> None:
    await api.list_pets(100)
    # The first request of a session touches it.
    await adopter.client.get("/api/matches")
    with api.round_trips() as miss:
        assert len(ids(await adopter.client.get("/api/deck"))) == 100
    assert len(miss.statements) == 2
    assert miss.past_the_gate() == {
        "hgetall": 1,
        "multi": 1,
        "del": 1,
        "hset": 1,
        "expire": 1,
        "exec": 1,
    }
    with api.round_trips() as hit:
        assert len(ids(await adopter.client.get("/api/deck"))) == 100
    assert hit.statements == []
    assert hit.past_the_gate() == {"hgetall": 1}


async def test_without_the_cache_the_deck_comes_from_the_database(
    settings: Settings, free_port: int, open_api: OpenApi
) -> None:
    async with open_api(settings, cache_url=f"redis://127.0.0.1:{free_port}") as api:
        adopter = await api.join()
        pets_there = await api.list_pets(3)
        for _ in range(2):
            assert sorted(ids(await adopter.client.get("/api/deck"))) == sorted(pets_there)
        swipe = {"pet_id": pets_there[0], "liked": True}
        assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 201
        assert len(ids(await adopter.client.get("/api/deck"))) == 2
        assert (await api.client.get("/health/ready")).status_code == 200
        assert reads(api) == {"hit": 0, "miss": 0, "error": 3}
