"""Owners read who likes their pets, and answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.accounts.tables import users
from app.audit.tables import audit_log
from app.auth import Role
from app.matches.tables import interests, matches
from app.outbox.tables import outbox
from app.pets.tables import pets

if TYPE_CHECKING:
    from httpx import Response

    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio

PET: dict[str, object] = {
    "name": "Rex",
    "pet_type": "dog",
    "breed": "Boxer",
    "age_months": 12,
    "gender": "male",
    "size": "large",
    "latitude": 30.0,
    "longitude": -97.0,
}


async def list_pet(owner: Account, **given: object) -> str:
    created = await owner.client.post("/api/pets", json={**PET, **given})
    assert created.status_code == 201, created.text
    pet_id: str = created.json()["id"]
    return pet_id


async def like(adopter: Account, pet_id: str, notes: str | None = None) -> dict[str, Any]:
    body = {"pet_id": pet_id, "liked": True, "notes": notes}
    answer = await adopter.client.post("/api/swipes", json=body)
    assert answer.status_code == 201, answer.text
    swipe: dict[str, Any] = answer.json()
    return swipe


async def answer(by: Account, pet_id: str, to: UUID, *, interested: bool = True) -> Response:
    path = f"/api/pets/{pet_id}/admirers/{to}"
    return await by.client.put(path, json={"interested": interested})


async def admirers(owner: Account, pet_id: str, **params: str) -> dict[str, Any]:
    found = await owner.client.get(f"/api/pets/{pet_id}/admirers", params=params)
    assert found.status_code == 200, found.text
    page: dict[str, Any] = found.json()
    return page


async def events(api: Api) -> list[tuple[UUID, str, dict[str, str]]]:
    """List what was told since sign-up, by user."""
    statement = select(outbox.c.user_id, outbox.c.kind, outbox.c.payload)
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(
            statement.where(outbox.c.kind.startswith("match.")).order_by(outbox.c.position)
        )
        return [(row.user_id, row.kind, row.payload) for row in rows]


async def test_a_like_and_then_an_interest_make_a_match(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    assert (await like(adopter, pet))["match_id"] is None
    answered = await answer(shelter, pet, adopter.id)
    match_id = answered.json()["match_id"]
    assert answered.status_code == 200
    assert answered.json() == {"interested": True, "match_id": match_id}
    async with api.held.engine.connect() as connection:
        row = (await connection.execute(select(matches))).one()
    assert (str(row.id), row.user_id, str(row.pet_id)) == (match_id, adopter.id, pet)
    news = {"match_id": match_id, "pet_id": pet, "pet_name": "Rex"}
    told = await events(api)
    assert len(told) == 2
    assert {user_id: (kind, payload) for user_id, kind, payload in told} == {
        adopter.id: ("match.created", news),
        shelter.id: ("match.created", news),
    }
    assert api.sample("petswipe_matches_total") == 1


async def test_an_interest_and_then_a_like_make_a_match(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    answered = await answer(shelter, pet, adopter.id)
    assert answered.json() == {"interested": True, "match_id": None}
    assert (await admirers(shelter, pet))["items"] == []
    assert await api.rows(matches) == 0
    match_id = (await like(adopter, pet))["match_id"]
    (feed,) = (await adopter.client.get("/api/matches")).json()["items"]
    assert feed["id"] == match_id
    assert {user_id for user_id, _, _ in await events(api)} == {adopter.id, shelter.id}
    assert api.sample("petswipe_matches_total") == 1
    again = await answer(shelter, pet, adopter.id)
    assert again.json() == {"interested": True, "match_id": match_id}


async def test_the_same_answer_again_changes_nothing(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    await like(adopter, pet)
    first = await answer(shelter, pet, adopter.id)

    async def stored() -> list[Any]:
        async with api.held.engine.connect() as connection:
            rows: list[Any] = []
            for table in (interests, matches, audit_log, outbox):
                rows += (await connection.execute(select(table))).all()
        return rows

    before = await stored()
    again = await answer(shelter, pet, adopter.id)
    assert (again.status_code, again.json()) == (200, first.json())
    assert await stored() == before
    assert api.sample("petswipe_matches_total") == 1


async def test_a_mind_can_change_until_the_match_and_not_after_it(
    adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    refused = await answer(shelter, pet, adopter.id, interested=False)
    assert refused.json() == {"interested": False, "match_id": None}
    assert (await like(adopter, pet))["match_id"] is None
    accepted = await answer(shelter, pet, adopter.id)
    assert accepted.json()["match_id"] is not None
    late = await answer(shelter, pet, adopter.id, interested=False)
    assert late.status_code == 409
    assert (await answer(shelter, pet, adopter.id)).json() == accepted.json()


async def test_a_no_in_advance_counts_more_than_matching_at_once(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter, auto_match=True)
    await answer(shelter, pet, adopter.id, interested=False)
    assert (await like(adopter, pet))["match_id"] is None
    assert await api.rows(matches) == 0


async def test_who_matches_at_once_waits_for_no_answer_and_both_sides_are_told(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter, auto_match=True)
    match_id = (await like(adopter, pet))["match_id"]
    assert (await admirers(shelter, pet))["items"] == []
    assert [user["user_id"] for user in (await admirers(shelter, pet, answered="true"))["items"]]
    assert {(user, kind) for user, kind, _ in await events(api)} == {
        (adopter.id, "match.created"),
        (shelter.id, "match.created"),
    }
    assert (await answer(shelter, pet, adopter.id)).json()["match_id"] == match_id


async def test_admirers_wait_newest_first_page_by_page(api: Api, shelter: Account) -> None:
    pet, other = await list_pet(shelter), await list_pet(shelter)
    people = [await api.join() for _ in range(5)]
    for number, person in enumerate(people):
        await like(person, pet, f"note {number}")
    await like(people[0], other)
    await people[1].client.post("/api/swipes", json={"pet_id": other, "liked": False})
    expected = [str(person.id) for person in reversed(people)]
    seen: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = await admirers(shelter, pet, **params)
        assert len(page["items"]) <= 2
        seen += page["items"]
        cursor = page["next_cursor"]
    assert [admirer["user_id"] for admirer in seen] == expected
    assert [admirer["notes"] for admirer in seen] == [f"note {n}" for n in (4, 3, 2, 1, 0)]
    assert set(seen[0]) == {
        "user_id",
        "display_name",
        "avatar_url",
        "liked_at",
        "notes",
        "interested",
    }
    assert [user["user_id"] for user in (await admirers(shelter, other))["items"]] == expected[-1:]


async def test_who_has_an_answer_no_longer_waits(api: Api, shelter: Account) -> None:
    pet = await list_pet(shelter)
    wanted, refused, waiting, gone = [await api.join() for _ in range(4)]
    for person in (wanted, refused, waiting, gone):
        await like(person, pet)
    await answer(shelter, pet, wanted.id)
    await answer(shelter, pet, refused.id, interested=False)
    async with api.held.engine.connect() as connection:
        closed = update(users).where(users.c.id == gone.id).values(is_active=False)
        await connection.execute(closed)
    page = (await admirers(shelter, pet))["items"]
    assert [(user["user_id"], user["interested"]) for user in page] == [(str(waiting.id), None)]
    page = (await admirers(shelter, pet, answered="true"))["items"]
    assert [(user["user_id"], user["interested"]) for user in page] == [
        (str(refused.id), False),
        (str(wanted.id), True),
    ]


async def test_strangers_learn_nothing_and_admins_may_do_what_owners_may(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    await like(adopter, pet)
    stranger, admin = await api.join(Role.SHELTER), await api.join(Role.ADMIN)
    for who in (stranger, adopter):
        assert (await who.client.get(f"/api/pets/{pet}/admirers")).status_code == 404
        assert (await answer(who, pet, adopter.id)).status_code == 404
    assert await api.rows(matches) == 0
    assert len((await admirers(admin, pet))["items"]) == 1
    assert (await answer(admin, pet, adopter.id)).json()["match_id"] is not None


async def test_answers_to_nobody_and_about_no_pet_are_refused(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    assert (await answer(shelter, pet, uuid4())).status_code == 404
    assert (await answer(shelter, str(uuid4()), adopter.id)).status_code == 404
    assert (await answer(shelter, pet, shelter.id)).status_code == 409
    closed = await api.join()
    async with api.held.engine.connect() as connection:
        closing = update(users).where(users.c.id == closed.id).values(is_active=False)
        await connection.execute(closing)
    assert (await answer(shelter, pet, closed.id)).status_code == 404
    for change in ({"is_available": False}, {"deleted_at": pets.c.created_at}):
        pet = await list_pet(shelter)
        async with api.held.engine.connect() as connection:
            await connection.execute(update(pets).where(pets.c.id == UUID(pet)).values(change))
        assert (await answer(shelter, pet, adopter.id)).status_code == 404
    assert (await shelter.client.get(f"/api/pets/{pet}/admirers")).status_code == 404
    assert await api.rows(interests) == 0


async def test_answers_and_matches_are_in_the_audit_log(
    api: Api, adopter: Account, shelter: Account
) -> None:
    pet = await list_pet(shelter)
    await like(adopter, pet)
    match_id = (await answer(shelter, pet, adopter.id)).json()["match_id"]
    statement = select(audit_log.c.action, audit_log.c.object_id).order_by(audit_log.c.id)
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(statement.where(audit_log.c.actor_id == shelter.id))
        done = [tuple(row) for row in rows]
    assert done[-2:] == [("admirer.answer", pet), ("match.create", match_id)]
