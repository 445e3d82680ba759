from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Column, func, insert, select

from app.accounts.resets import make_reset_token
from app.accounts.tables import preferences
from app.audit.tables import audit_log
from app.auth import Role
from app.cache import deck_key, object_key
from app.households.tables import household_members, households
from app.idempotency.tables import idempotency_keys
from app.matches.tables import interests, matches
from app.media.tables import uploads
from app.notifications.tables import channels, notifications
from app.outbox.tables import outbox
from app.pets.tables import pets
from app.privacy.queries import SECTIONS
from app.privacy.service import PAGE
from app.shelters.tables import shelters
from app.swipes.tables import swipes
from app.tables import metadata

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
ME = "/api/users/me"
EXPORT = "/api/users/me/export"
PASSWORD = "correct horse battery"
CANARY = "canary-51ab"
PET = {
    "name": CANARY,
    "pet_type": "dog",
    "breed": "Boxer",
    "age_months": 1,
    "gender": "male",
    "size": "large",
    "latitude": 1.0,
    "longitude": 2.0,
    "description": CANARY,
}


async def fill(api: Api, person: Account, pet_id: UUID) -> UUID:
    """Store something about somebody in every table; returns the pet that is theirs."""
    own, home = uuid4(), uuid4()
    mine = {"user_id": person.id}
    about = {**mine, "pet_id": pet_id}
    picture = {"content_type": "image/png", "bytes": 1, "width": 1, "height": 1}
    place = {"latitude": 1.0, "longitude": 2.0}
    rows: list[tuple[Any, dict[str, Any]]] = [
        (preferences, {**mine, "pet_type": "dog"}),
        (swipes, {**about, "id": uuid4(), "liked": True, "notes": CANARY}),
        (interests, {**about, "liked_at": func.now()}),
        (matches, {**about, "id": uuid4(), "status": "pending"}),
        (pets, {**PET, "id": own, "owner_id": person.id}),
        (
            uploads,
            {
                "id": uuid4(),
                "owner_id": person.id,
                "key": f"{uuid4()}.png",
                "url": f"https://media.petswipe.example/{CANARY}",
                **picture,
            },
        ),
        (
            households,
            {"id": home, "name": CANARY, "leader_id": person.id, "invite_code": str(home)[:32]},
        ),
        (household_members, {**mine, "household_id": home}),
        (shelters, {**mine, "name": CANARY, "city": CANARY, "phone": CANARY, **place}),
        (channels, {**mine, "webhook_url": f"https://{CANARY}.example"}),
        (
            notifications,
            {**mine, "id": uuid4(), "kind": "match.created", "payload": {"note": CANARY}},
        ),
        (outbox, {**mine, "kind": "match.created", "payload": {"note": CANARY}}),
        (
            idempotency_keys,
            {
                "owner": str(person.id),
                "operation": "x",
                "key": "x",
                "fingerprint": b"x",
                "status": 200,
                "media_type": "x",
                "body": CANARY.encode(),
            },
        ),
    ]
    async with api.held.engine.connect() as connection:
        for table, values in rows:
            await connection.execute(insert(table).values(**values))
        await make_reset_token(connection, person.id, 900)
    return own


async def stored(api: Api) -> dict[str, list[dict[str, Any]]]:
    """Read everything that is stored."""
    async with api.held.engine.connect() as connection:
        return {
            table.name: [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for table in metadata.sorted_tables
        }


async def test_an_export_holds_everything_about_the_caller_and_nobody_else(api: Api) -> None:
    person, other, shelter = (await api.join(), await api.join(), await api.join(Role.SHELTER))
    (pet,) = await api.list_pets(1)
    await fill(api, person, UUID(pet))
    await fill(api, other, UUID(pet))
    answer = await person.client.get(EXPORT)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"].startswith("attachment;")
    exported = answer.json()
    assert exported["account"] == (await person.client.get(ME)).json()
    assert exported["preferences"]["pet_type"] == "dog"
    lists = {name: rows for name, rows in exported.items() if isinstance(rows, list)}
    assert lists.keys() == {section.name for section in SECTIONS}
    assert {name: len(rows) for name, rows in lists.items()} == dict.fromkeys(lists, 1)
    assert exported["swipes"][0]["notes"] == CANARY
    assert exported["households"][0]["is_leader"] is True
    for stranger in (other, shelter):
        assert str(stranger.id) not in answer.text
        assert stranger.email not in answer.text
    # Neither tokens nor hashes nor digests of them.
    everything = await stored(api)
    for table in ("refresh_tokens", "reset_tokens"):
        for row in everything[table]:
            assert row["digest"].hex() not in answer.text
    assert not any(row["password_hash"] in answer.text for row in everything["users"])


async def test_every_table_with_somebodys_data_is_exported_or_left_out_for_a_reason() -> None:
    columns = [column for section in SECTIONS for column in (*section.columns, section.owner)]
    exported = {c.table.name for c in columns if isinstance(c, Column)}
    exported |= {"users", "preferences"}
    secret = {"refresh_tokens", "reset_tokens"}
    # What waits to be delivered, answers that were given, and the log, which is about deeds.
    passing = {"outbox", "idempotency_keys", "audit_log"}
    assert exported | secret | passing == {t.name for t in metadata.sorted_tables}


async def test_a_large_export_comes_whole(api: Api, adopter: Account) -> None:
    count = 2 * PAGE + 1
    rows = [
        {
            "id": uuid4(),
            "user_id": adopter.id,
            "kind": "match.created",
            "payload": {"number": number},
        }
        for number in range(count)
    ]
    async with api.held.engine.connect() as connection:
        await connection.execute(insert(notifications), rows)
    exported = (await adopter.client.get(EXPORT)).json()["notifications"]
    assert {row["payload"]["number"] for row in exported} == set(range(count))
    assert len(exported) == count


async def test_an_empty_export_is_json_too(adopter: Account) -> None:
    exported = json.loads((await adopter.client.get(EXPORT)).content)
    assert exported["swipes"] == exported["households"] == []


async def test_deletion_leaves_nothing_personal_and_nothing_of_others_is_touched(
    api: Api,
) -> None:
    person, other = await api.join(Role.SHELTER), await api.join()
    (pet,) = await api.list_pets(1)
    own = await fill(api, person, UUID(pet))
    await fill(api, other, UUID(pet))
    before = await stored(api)
    assert (await person.client.delete(ME)).status_code == 204
    after = await stored(api)
    (gone,) = (row for row in after["users"] if row["id"] == person.id)
    assert not gone["is_active"]
    assert gone["deleted_at"] is not None
    assert gone["email"] == f"deleted-{person.id}@invalid"
    assert not gone["password_hash"].startswith("$2b$")
    assert (gone["display_name"], gone["avatar_url"]) == ("(deleted)", None)
    assert person.email not in str(after)
    (own_pet,) = (row for row in after["pets"] if row["id"] == own)
    assert own_pet["deleted_at"] is not None
    assert not own_pet["is_available"]
    (match,) = (row for row in after["matches"] if row["user_id"] == person.id)
    assert match["status"] == "declined"
    (lister,) = (row["owner_id"] for row in after["pets"] if str(row["id"]) == pet)
    (told,) = (row for row in after["outbox"] if row["kind"] == "match.declined")
    assert told["user_id"] == lister
    news = {"match_id": str(match["id"]), "pet_id": pet, "pet_name": "Pet 0"}
    assert told["payload"] == news
    for name, rows in after.items():
        owned = [r for r in rows if person.id in r.values() or str(person.id) in r.values()]
        if name not in {"users", "swipes", "matches", "pets", "sessions", "audit_log"}:
            assert not owned, name
        if name not in {"users", "pets"}:
            assert CANARY not in str(owned), name
        # One row of the other's went nowhere, nor did it change.
        theirs = [r for r in before[name] if other.id in r.values() or str(other.id) in r.values()]
        assert [row for row in rows if row in theirs] == theirs, name
    assert len(after["refresh_tokens"]) < len(before["refresh_tokens"])
    ended = [row for row in after["sessions"] if row["user_id"] == person.id]
    assert ended
    assert all(row["revoked_at"] for row in ended)


async def test_whoever_is_deleted_is_logged_out_and_cannot_come_back(api: Api) -> None:
    person = await api.join()
    body = {"email": person.email, "password": PASSWORD}
    refresh = (await api.client.post("/api/auth/login", json=body)).json()["refresh_token"]
    token = await _reset_token(api, person)
    assert (await person.client.delete(ME)).status_code == 204
    assert (await person.client.get(ME)).status_code == 401
    assert (await person.client.delete(ME)).status_code == 401
    assert (await api.client.post("/api/auth/login", json=body)).status_code == 401
    gone = {"email": f"deleted-{person.id}@invalid", "password": "!"}
    assert (await api.client.post("/api/auth/login", json=gone)).status_code in {401, 422}
    renewed = await api.client.post("/api/auth/refresh", json={"refresh_token": refresh})
    assert renewed.status_code == 401
    reset = {"token": token, "password": PASSWORD}
    confirmed = await api.client.post("/api/auth/reset-password/confirm", json=reset)
    assert confirmed.status_code == 422
    # The address is free.
    again = {**body, "display_name": "Again"}
    assert (await api.client.post("/api/auth/signup", json=again)).status_code == 201
    assert (await api.client.post("/api/auth/login", json=body)).status_code == 200


async def _reset_token(api: Api, person: Account) -> str:
    async with api.held.engine.connect() as connection:
        return await make_reset_token(connection, person.id, 900)


async def test_deletion_is_noted_and_outdates_what_is_cached(api: Api, shelter: Account) -> None:
    body = {key: value for key, value in PET.items() if key != "description"}
    pet = (await shelter.client.post("/api/pets", json=body)).json()["id"]
    keys = (deck_key(shelter.id), object_key("pet", pet))
    for key in keys:
        await api.held.cache.set(key, "x")
    assert (await shelter.client.delete(ME)).status_code == 204
    assert not await api.held.cache.exists(*keys)
    noted = select(audit_log).where(audit_log.c.action == "user.delete")
    async with api.held.engine.connect() as connection:
        row = (await connection.execute(noted)).one()
    assert (row.actor_id, row.object_id) == (shelter.id, str(shelter.id))


async def test_the_next_member_leads_a_household_whose_leader_is_deleted(api: Api) -> None:
    leader, member = await api.join(), await api.join()
    made = (await leader.client.post("/api/households", json={"name": "Home"})).json()
    await member.client.post("/api/households/join", json={"code": made["invite_code"]})
    assert (await leader.client.delete(ME)).status_code == 204
    async with api.held.engine.connect() as connection:
        row = (await connection.execute(select(households))).one()
        left = (await connection.scalars(select(household_members.c.user_id))).all()
    assert row.leader_id == member.id
    assert left == [member.id]
