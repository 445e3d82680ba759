from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.audit.tables import audit_log
from app.auth import Role
from app.matches.tables import matches
from app.outbox.tables import outbox
from app.pets.tables import pets

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio


async def make_match(api: Api, adopter: Account, owner: Account) -> tuple[str, str]:
    """Match an adopter with a new pet of this owner; returns the match and the pet."""
    (pet,) = await api.list_pets(1, auto_match=True)
    async with api.held.engine.connect() as connection:
        given = update(pets).where(pets.c.id == UUID(pet)).values(owner_id=owner.id)
        await connection.execute(given)
    return await like(adopter, pet), pet


async def like(adopter: Account, pet: str) -> str:
    answer = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
    match_id: str = answer.json()["match_id"]
    return match_id


async def put_into(api: Api, match_id: str, status: str) -> None:
    async with api.held.engine.connect() as connection:
        moved = update(matches).where(matches.c.id == UUID(match_id)).values(status=status)
        await connection.execute(moved)


async def change(who: Account, match_id: str, status: str) -> int:
    path = f"/api/matches/{match_id}"
    return (await who.client.patch(path, json={"status": status})).status_code


async def news(api: Api) -> list[tuple[UUID, str, str]]:
    """List who was told what about which match, after it was made."""
    statement = select(outbox.c.user_id, outbox.c.kind, outbox.c.payload["match_id"].astext)
    later = outbox.c.kind.startswith("match.") & (outbox.c.kind != "match.created")
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(statement.where(later).order_by(outbox.c.position))
        return [(row[0], row[1], row[2]) for row in rows]


async def feed(who: Account, **params: str) -> dict[str, Any]:
    answer = await who.client.get("/api/matches", params=params)
    assert answer.status_code == 200, answer.text
    page: dict[str, Any] = answer.json()
    return page


async def test_the_feed_shows_the_callers_matches_newest_first(api: Api, adopter: Account) -> None:
    made = []
    for pet in await api.list_pets(3, auto_match=True):
        answer = await adopter.client.post("/api/swipes", json={"pet_id": pet, "liked": True})
        made.append((answer.json()["match_id"], pet))
    found = (await feed(adopter))["items"]
    assert [(match["id"], match["pet_id"]) for match in found] == made[::-1]
    assert [match["pet_name"] for match in found] == ["Pet 2", "Pet 1", "Pet 0"]
    assert {match["status"] for match in found} == {"pending"}
    assert {match["adopter_id"] for match in found} == {str(adopter.id)}
    assert all(match["matched_at"] == match["status_changed_at"] for match in found)


async def test_the_feed_comes_in_pages_and_by_status(api: Api, adopter: Account) -> None:
    ids = [await like(adopter, pet) for pet in await api.list_pets(5, auto_match=True)][::-1]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await feed(adopter, limit="2", **({"cursor": cursor} if cursor else {}))
        seen += [match["id"] for match in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ids
    assert (await feed(adopter, limit="5"))["next_cursor"] is None
    await put_into(api, ids[1], "accepted")
    assert [m["id"] for m in (await feed(adopter, status="accepted"))["items"]] == [ids[1]]
    assert [m["id"] for m in (await feed(adopter, status="completed"))["items"]] == []


async def test_any_text_of_the_right_shape_is_a_cursor_and_no_other_text(adopter: Account) -> None:
    for cursor in ("_" * 32, "A" * 32, "zz9-" * 8):
        assert (await feed(adopter, cursor=cursor))["items"] == []
    for wrong in ("", "x", "A" * 31, "A" * 33, "=" * 32, "A" * 31 + "\n"):
        answer = await adopter.client.get("/api/matches", params={"cursor": wrong})
        assert answer.status_code == 422


async def test_the_feed_shows_nothing_of_others_and_nothing_unmatched(
    api: Api, adopter: Account
) -> None:
    matching, plain = [(await api.list_pets(1, auto_match=value))[0] for value in (True, False)]
    other = await api.join()
    await adopter.client.post("/api/swipes", json={"pet_id": matching, "liked": True})
    await other.client.post("/api/swipes", json={"pet_id": matching, "liked": False})
    await other.client.post("/api/swipes", json={"pet_id": plain, "liked": True})
    assert len((await feed(adopter))["items"]) == 1
    assert await feed(other) == {"items": [], "next_cursor": None}


async def test_an_owner_sees_the_matches_of_their_pets(
    api: Api, adopter: Account, shelter: Account
) -> None:
    match_id, pet = await make_match(api, adopter, shelter)
    (other_pet,) = await api.list_pets(1, auto_match=True)
    await like(adopter, other_pet)
    (match,) = (await feed(shelter, **{"as": "owner"}))["items"]
    assert (match["id"], match["pet_id"]) == (match_id, pet)
    assert (match["adopter_id"], match["adopter_name"]) == (str(adopter.id), "Someone")
    assert match["owner_id"] == str(shelter.id)
    assert (await feed(shelter))["items"] == []
    assert (await feed(adopter, **{"as": "owner"}))["items"] == []


async def test_a_match_is_shown_to_its_parties_and_admins_only(
    api: Api, adopter: Account, shelter: Account
) -> None:
    match_id, _ = await make_match(api, adopter, shelter)
    (shown,) = (await feed(adopter))["items"]
    admin, stranger, other = [
        await api.join(role) for role in (Role.ADMIN, Role.USER, Role.SHELTER)
    ]
    for who in (adopter, shelter, admin):
        answer = await who.client.get(f"/api/matches/{match_id}")
        assert (answer.status_code, answer.json()) == (200, shown)
        assert "@" not in answer.text
    for who in (stranger, other):
        assert (await who.client.get(f"/api/matches/{match_id}")).status_code == 404
        for status in ("pending", "accepted", "declined"):
            assert await change(who, match_id, status) == 404
    assert (await adopter.client.get(f"/api/matches/{uuid4()}")).status_code == 404
    assert await change(shelter, str(uuid4()), "accepted") == 404
    assert await news(api) == []


STATUSES = ("pending", "accepted", "completed", "declined")
# Which steps each party may take; every other one is refused, and staying is always possible.
STEPS = {
    "owner": {
        ("pending", "accepted"),
        ("pending", "declined"),
        ("accepted", "completed"),
        ("accepted", "declined"),
    },
    "adopter": {("pending", "declined"), ("accepted", "declined")},
}


@pytest.mark.parametrize("party", STEPS)
async def test_a_match_goes_where_its_party_may_send_it_and_nowhere_else(
    api: Api, adopter: Account, shelter: Account, party: str
) -> None:
    caller, other = (shelter, adopter) if party == "owner" else (adopter, shelter)
    allowed = set()
    for before in STATUSES:
        for after in STATUSES:
            if before == after:
                continue
            match_id, _ = await make_match(api, adopter, shelter)
            await put_into(api, match_id, before)
            status = await change(caller, match_id, after)
            shown = (await caller.client.get(f"/api/matches/{match_id}")).json()
            assert shown["status"] == (after if status == 200 else before)
            told = [(user, kind) for user, kind, match in await news(api) if match == match_id]
            assert told == ([(other.id, f"match.{after}")] if status == 200 else [])
            moved = datetime.fromisoformat(shown["status_changed_at"])
            assert (moved > datetime.fromisoformat(shown["matched_at"])) is (status == 200)
            assert status in {200, 409}
            if status == 200:
                allowed.add((before, after))
    assert allowed == STEPS[party]


@pytest.mark.parametrize("status", STATUSES)
async def test_the_same_status_again_changes_nothing(
    api: Api, adopter: Account, shelter: Account, status: str
) -> None:
    match_id, _ = await make_match(api, adopter, shelter)
    await put_into(api, match_id, status)
    before = (await adopter.client.get(f"/api/matches/{match_id}")).json()
    for who in (adopter, shelter):
        assert await change(who, match_id, status) == 200
    assert (await adopter.client.get(f"/api/matches/{match_id}")).json() == before
    assert await news(api) == []


async def test_an_adopted_pet_leaves_and_its_other_matches_end(
    api: Api, adopter: Account, shelter: Account
) -> None:
    match_id, pet = await make_match(api, adopter, shelter)
    waiting, chosen, declined = [await api.join() for _ in range(3)]
    others = {who.id: await like(who, pet) for who in (waiting, chosen, declined)}
    await put_into(api, others[chosen.id], "accepted")
    await put_into(api, others[declined.id], "declined")
    elsewhere, _ = await make_match(api, waiting, shelter)
    assert await change(shelter, match_id, "accepted") == 200
    # Somebody looks at the pet, so that it is cached.
    assert (await adopter.client.get(f"/api/pets/{pet}")).json()["is_available"] is True
    assert await change(shelter, match_id, "completed") == 200
    assert (await adopter.client.get(f"/api/pets/{pet}")).json()["is_available"] is False
    found = {m["id"]: m["status"] for m in (await feed(shelter, **{"as": "owner"}))["items"]}
    assert found == {
        match_id: "completed",
        **dict.fromkeys(others.values(), "declined"),
        elsewhere: "pending",
    }
    assert set(await news(api)) == {
        (adopter.id, "match.accepted", match_id),
        (adopter.id, "match.completed", match_id),
        (waiting.id, "match.declined", others[waiting.id]),
        (chosen.id, "match.declined", others[chosen.id]),
    }
    assert len(await news(api)) == 4
    late = await (await api.join()).client.post("/api/swipes", json={"pet_id": pet, "liked": True})
    assert late.status_code == 404


async def test_a_pet_goes_to_one_home_and_a_deleted_one_to_none(
    api: Api, adopter: Account, shelter: Account
) -> None:
    first, pet = await make_match(api, adopter, shelter)
    second = await like(await api.join(), pet)
    await put_into(api, first, "completed")
    assert await change(shelter, second, "accepted") == 409
    await put_into(api, second, "accepted")
    assert await change(shelter, second, "completed") == 409
    gone, pet = await make_match(api, adopter, shelter)
    async with api.held.engine.connect() as connection:
        deleted = update(pets).where(pets.c.id == UUID(pet)).values(deleted_at=pets.c.created_at)
        await connection.execute(deleted)
    assert await change(shelter, gone, "accepted") == 409
    assert await change(shelter, gone, "declined") == 200


async def test_an_admin_tells_both_parties_and_every_step_is_audited(
    api: Api, adopter: Account, shelter: Account
) -> None:
    match_id, _ = await make_match(api, adopter, shelter)
    admin = await api.join(Role.ADMIN)
    for status in ("accepted", "completed"):
        assert await change(admin, match_id, status) == 200
    assert set(await news(api)) == {
        (who.id, kind, match_id)
        for who in (adopter, shelter)
        for kind in ("match.accepted", "match.completed")
    }
    statement = select(audit_log.c.action, audit_log.c.object_id).order_by(audit_log.c.id)
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(statement.where(audit_log.c.object_kind == "match"))
        assert [tuple(row) for row in rows] == [
            ("match.accepted", match_id),
            ("match.completed", match_id),
        ]


async def test_an_event_knows_the_trace_in_which_it_was_written(api: Api, adopter: Account) -> None:
    shelter = await api.join(Role.SHELTER)
    traces = {}
    for kind in ("match.created", "match.accepted"):
        trace_id = uuid4().hex
        adopter.client.headers["traceparent"] = f"00-{trace_id}-{'1' * 16}-01"
        shelter.client.headers["traceparent"] = adopter.client.headers["traceparent"]
        traces[kind] = trace_id
        if kind == "match.created":
            match_id, _ = await make_match(api, adopter, shelter)
        else:
            assert await change(shelter, match_id, "accepted") == 200
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(select(outbox.c.kind, outbox.c.traceparent))
        written = {(row.kind, row.traceparent[3:35]) for row in rows if row.kind in traces}
    assert written == set(traces.items())
