from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import anyio
import pytest
from sqlalchemy import select, update

from app.audit.tables import audit_log
from app.auth import Role
from app.matches.tables import interests, matches
from app.pets.tables import pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from httpx import Response

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio

ROUTE = "/api/swipes"


def counts(api: Api) -> dict[str, float]:
    return {
        "like": api.sample("petswipe_swipes_total", direction="like"),
        "pass": api.sample("petswipe_swipes_total", direction="pass"),
        "same": api.sample("petswipe_swipe_repeats_total", outcome="same"),
        "contradiction": api.sample("petswipe_swipe_repeats_total", outcome="contradiction"),
        "match": api.sample("petswipe_matches_total"),
    }


def only(**given: float) -> dict[str, float]:
    return {**dict.fromkeys(("like", "pass", "same", "contradiction", "match"), 0.0), **given}


async def test_a_swipe_is_stored_and_counted(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1)
    body = {"pet_id": pet, "liked": True, "notes": "Such ears! 🐶"}
    made = await adopter.client.post(ROUTE, json=body)
    assert made.status_code == 201
    swipe = made.json()
    assert swipe == {
        **body,
        "id": swipe["id"],
        "created_at": swipe["created_at"],
        "match_id": None,
    }
    age = datetime.now(UTC) - datetime.fromisoformat(swipe["created_at"])
    assert abs(age) < timedelta(minutes=10)
    async with api.held.engine.connect() as connection:
        row = (await connection.execute(select(swipes))).one()
    assert row.id == UUID(swipe["id"])
    assert (row.user_id, row.pet_id) == (adopter.id, UUID(pet))
    assert (row.liked, row.notes) == (True, body["notes"])
    assert counts(api) == only(like=1)


async def test_the_same_swipe_again_answers_with_the_first(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    first = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True, "notes": "one"})
    again = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True, "notes": "two"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert await api.rows(swipes) == 1
    assert counts(api) == only(like=1, same=1, match=1)


@pytest.mark.parametrize("liked", [True, False])
async def test_a_swipe_that_contradicts_the_first_is_refused(
    api: Api, adopter: Account, liked: bool
) -> None:
    (pet,) = await api.list_pets(1)
    first = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": liked})
    refused = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": not liked})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert (await adopter.client.get(ROUTE)).json()["items"] == [first.json()]
    assert counts(api) == only(contradiction=1, **{"like" if liked else "pass": 1.0})


async def test_a_pet_that_never_was_cannot_be_swiped(api: Api, adopter: Account) -> None:
    refused = await adopter.client.post(ROUTE, json={"pet_id": str(uuid4()), "liked": True})
    assert refused.status_code == 404
    assert await api.rows(swipes) == 0
    assert counts(api) == only()


@pytest.mark.parametrize("change", ["is_available", "deleted_at"])
async def test_a_pet_that_is_no_longer_to_adopt_cannot_be_swiped(
    api: Api, adopter: Account, change: str
) -> None:
    swiped, late = await api.list_pets(2)
    body = {"pet_id": swiped, "liked": True}
    first = await adopter.client.post(ROUTE, json=body)
    value = False if change == "is_available" else pets.c.created_at
    async with api.held.engine.connect() as connection:
        await connection.execute(update(pets).values({change: value}))
    refused = await adopter.client.post(ROUTE, json={"pet_id": late, "liked": True})
    assert refused.status_code == 404
    assert await api.rows(swipes) == 1
    # What was swiped in time stays answered.
    again = await adopter.client.post(ROUTE, json=body)
    assert (again.status_code, again.json()) == (200, first.json())


async def test_a_like_of_a_pet_that_matches_at_once_makes_one_match(
    api: Api, adopter: Account
) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    made = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    async with api.held.engine.connect() as connection:
        row = (await connection.execute(select(matches))).one()
    assert made.json()["match_id"] == str(row.id)
    assert (row.user_id, row.pet_id, row.status) == (adopter.id, UUID(pet), "pending")
    assert counts(api) == only(like=1, match=1)


async def test_a_pass_makes_no_match(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    made = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": False})
    assert made.json()["match_id"] is None
    assert await api.rows(matches) == 0
    assert counts(api) == only(**{"pass": 1.0})


async def test_two_adopters_swipe_one_pet_independently(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    other = await api.join()
    one = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    two = await other.client.post(ROUTE, json={"pet_id": pet, "liked": False})
    assert (one.status_code, two.status_code) == (201, 201)
    assert (await adopter.client.get(ROUTE)).json()["items"] == [one.json()]
    assert (await other.client.get(ROUTE)).json()["items"] == [two.json()]


async def test_fifty_identical_swipes_at_once_are_stored_once(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    answers: list[Response] = []

    async def swipe() -> None:
        body = {"pet_id": pet, "liked": True}
        answers.append(await adopter.client.post(ROUTE, json=body))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(swipe)
    assert sorted(answer.status_code for answer in answers) == [200] * 49 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert await api.rows(swipes) == await api.rows(matches) == 1
    assert counts(api) == only(like=1, same=49, match=1)


async def test_opposite_swipes_at_once_leave_one_decision(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1)
    answers: list[Response] = []

    async def swipe(liked: bool) -> None:
        body = {"pet_id": pet, "liked": liked}
        answers.append(await adopter.client.post(ROUTE, json=body))

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(swipe, number % 2 == 0)
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201] + [409] * 10
    assert await api.rows(swipes) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"pet_id": "rex"},
        {"pet_id": None},
        {"liked": None},
        {"liked": "maybe"},
        {"notes": "x" * 501},
        {"notes": "a\0b"},
    ],
    ids=lambda wrong: ascii(wrong)[:40],
)
async def test_a_swipe_that_cannot_be_is_refused(
    api: Api, adopter: Account, wrong: dict[str, object]
) -> None:
    (pet,) = await api.list_pets(1)
    refused = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True, **wrong})
    assert refused.status_code == 422
    assert await api.rows(swipes) == 0


async def test_the_history_is_newest_first_and_can_be_filtered(api: Api, adopter: Account) -> None:
    ids = await api.list_pets(6, auto_match=True)
    made = []
    for number, pet in enumerate(ids):
        body = {"pet_id": pet, "liked": number % 3 == 0}
        made.append((await adopter.client.post(ROUTE, json=body)).json())
    made.reverse()

    async def history(**params: str) -> list[dict[str, object]]:
        answer = await adopter.client.get(ROUTE, params=params)
        assert answer.status_code == 200
        items: list[dict[str, object]] = answer.json()["items"]
        return items

    assert await history() == made
    assert await history(limit="2") == made[:2]
    assert await history(liked="true") == [swipe for swipe in made if swipe["liked"]]
    assert await history(liked="false") == [swipe for swipe in made if not swipe["liked"]]
    assert {bool(swipe["match_id"]) for swipe in await history(liked="true")} == {True}
    assert (await adopter.client.get(ROUTE, params={"limit": "101"})).status_code == 422


async def test_the_history_comes_in_pages(api: Api, adopter: Account) -> None:
    made = []
    for number, pet in enumerate(await api.list_pets(7)):
        body = {"pet_id": pet, "liked": number % 2 == 0}
        made.append((await adopter.client.post(ROUTE, json=body)).json()["id"])
    # The same moment for some, as when they come in one transaction.
    async with api.held.engine.connect() as connection:
        same = update(swipes).where(swipes.c.id.in_([UUID(i) for i in made[:4]]))
        first = select(swipes.c.created_at).where(swipes.c.id == UUID(made[0])).scalar_subquery()
        await connection.execute(same.values(created_at=first))

    async def walk(**params: str) -> list[str]:
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            given = {"limit": "2", **params} | ({"cursor": cursor} if cursor else {})
            page = (await adopter.client.get(ROUTE, params=given)).json()
            assert len(page["items"]) <= 2
            seen += [swipe["id"] for swipe in page["items"]]
            cursor = page["next_cursor"]
        return seen

    newest_first = made[:3:-1] + sorted(made[:4], reverse=True)
    assert await walk() == newest_first
    assert await walk(liked="true") == [i for i in newest_first if i in made[::2]]
    exactly = (await adopter.client.get(ROUTE, params={"limit": "7"})).json()
    assert exactly["next_cursor"] is None


async def test_nobody_swipes_their_own_pet(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    async with api.held.engine.connect() as connection:
        await connection.execute(update(pets).values(owner_id=adopter.id))
    refused = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    assert refused.status_code == 409
    assert await api.rows(swipes) == await api.rows(matches) == await api.rows(interests) == 0
    assert counts(api) == only()


@pytest.mark.parametrize("liked", [True, False])
async def test_the_last_swipe_can_be_taken_back_and_made_otherwise(
    api: Api, adopter: Account, liked: bool
) -> None:
    first, last = await api.list_pets(2)
    kept = await adopter.client.post(ROUTE, json={"pet_id": first, "liked": True})
    await adopter.client.get("/api/deck")
    await adopter.client.post(ROUTE, json={"pet_id": last, "liked": liked})
    assert (await adopter.client.get("/api/deck")).json()["items"] == []
    undone = await adopter.client.delete(f"{ROUTE}/last")
    assert (undone.status_code, undone.content) == (204, b"")
    assert (await adopter.client.get(ROUTE)).json()["items"] == [kept.json()]
    assert await api.rows(interests) == 1
    (card,) = (await adopter.client.get("/api/deck")).json()["items"]
    assert card["id"] == last
    again = await adopter.client.post(ROUTE, json={"pet_id": last, "liked": not liked})
    assert again.status_code == 201
    async with api.held.engine.connect() as connection:
        noted = select(audit_log.c.actor_id).where(audit_log.c.action == "swipe.undo")
        assert await connection.scalar(noted) == adopter.id


async def test_swipes_are_taken_back_one_by_one_until_none_is_left(
    api: Api, adopter: Account
) -> None:
    other = await api.join()
    (pet, *_) = ids = await api.list_pets(3)
    await other.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    for each in ids:
        await adopter.client.post(ROUTE, json={"pet_id": each, "liked": True})
    statuses = [(await adopter.client.delete(f"{ROUTE}/last")).status_code for _ in range(4)]
    assert statuses == [204, 204, 204, 404]
    assert await api.rows(swipes) == await api.rows(interests) == 1


async def test_a_swipe_that_has_led_to_a_match_stays(api: Api, adopter: Account) -> None:
    (pet,) = await api.list_pets(1, auto_match=True)
    made = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    refused = await adopter.client.delete(f"{ROUTE}/last")
    assert refused.status_code == 409
    assert (await adopter.client.get(ROUTE)).json()["items"] == [made.json()]
    assert await api.rows(matches) == await api.rows(interests) == 1


async def test_without_the_cache_swipes_are_taken_back_and_pets_go_home_all_the_same(
    settings: Settings, free_port: int, open_api: OpenApi
) -> None:
    async with open_api(settings, cache_url=f"redis://127.0.0.1:{free_port}") as api:
        adopter, admin = await api.join(), await api.join(Role.ADMIN)
        first, last = await api.list_pets(2, auto_match=True)
        made = await adopter.client.post(ROUTE, json={"pet_id": first, "liked": True})
        await adopter.client.post(ROUTE, json={"pet_id": last, "liked": False})
        assert (await adopter.client.delete(f"{ROUTE}/last")).status_code == 204
        match = f"/api/matches/{made.json()['match_id']}"
        for status in ("accepted", "completed"):
            changed = await admin.client.patch(match, json={"status": status})
            assert (changed.status_code, changed.json()["status"]) == (200, status)
        assert await api.rows(swipes) == 1


async def test_what_the_owner_thinks_outlives_a_swipe_that_is_taken_back(
    api: Api, adopter: Account
) -> None:
    (pet,) = await api.list_pets(1)
    admin = await api.join(Role.ADMIN)
    answer = f"/api/pets/{pet}/admirers/{adopter.id}"
    await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    await admin.client.put(answer, json={"interested": False})
    assert (await adopter.client.delete(f"{ROUTE}/last")).status_code == 204
    # Without the like, a yes is no match yet.
    changed = await admin.client.put(answer, json={"interested": True})
    assert changed.json() == {"interested": True, "match_id": None}
    liked = await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    assert liked.json()["match_id"] is not None


async def test_a_new_swipe_costs_one_statement_and_one_command(api: Api, adopter: Account) -> None:
    first, second, other = await api.list_pets(3, auto_match=True)
    await adopter.client.get("/api/deck")
    # The first of all tells Valkey the script, and opens connections.
    await adopter.client.post(ROUTE, json={"pet_id": other, "liked": True})
    with api.round_trips() as like:
        await adopter.client.post(ROUTE, json={"pet_id": first, "liked": True})
    with api.round_trips() as dislike:
        await adopter.client.post(ROUTE, json={"pet_id": second, "liked": False})
    for new in (like, dislike):
        assert len(new.statements) == 1
        assert new.past_the_gate() == {"evalsha": 1, "exists": 1, "hset": 1}
    with api.round_trips() as repeat:
        await adopter.client.post(ROUTE, json={"pet_id": first, "liked": True})
    assert len(repeat.statements) == 2


async def test_reading_the_histories_costs_one_statement(api: Api, adopter: Account) -> None:
    for pet in await api.list_pets(3, auto_match=True):
        await adopter.client.post(ROUTE, json={"pet_id": pet, "liked": True})
    for route in (ROUTE, "/api/matches"):
        with api.round_trips() as read:
            assert len((await adopter.client.get(route)).json()["items"]) == 3
        assert len(read.statements) == 1
        assert not read.past_the_gate()
