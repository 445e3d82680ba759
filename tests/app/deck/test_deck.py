from __future__ import annotations

from typing import TYPE_CHECKING

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
    card = await api.held.cache.hget(key, first)
    swipe = {"pet_id": first, "liked": True}
    assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 201
    # As when the deck was being built while the swipe was being stored.
    await api.held.cache.hset(key, first, card)
    assert len(ids(await adopter.client.get("/api/deck"))) == 2
    assert (await adopter.client.post("/api/swipes", json=swipe)).status_code == 200
    assert ids(await adopter.client.get("/api/deck")) == [second]


async def test_a_deck_is_forgotten_after_its_time(api: Api, adopter: Account) -> None:
    await api.list_pets(1)
    await adopter.client.get("/api/deck")
    left = await api.held.cache.ttl(deck_key(adopter.id))
    assert 0 < left <= api.held.settings.deck_ttl_seconds


async def test_a_hit_costs_one_command_and_a_miss_one_statement(api: Api, adopter: Account) -> None:
    await api.list_pets(100)
    with api.round_trips() as miss:
        assert len(ids(await adopter.client.get("/api/deck"))) == 100
    assert len(miss.statements) == 1
    assert miss.commands == {"hvals": 1, "multi": 1, "hset": 1, "expire": 1, "exec": 1}
    with api.round_trips() as hit:
        assert len(ids(await adopter.client.get("/api/deck"))) == 100
    assert hit.statements == []
    assert hit.commands == {"hvals": 1}


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
