from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from anyio import to_thread
from sqlalchemy import select, update

from app.accounts.tables import preferences, users
from app.audit.tables import audit_log
from app.auth import Principal, Role
from app.cache import deck_key

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api, Command

pytestmark = pytest.mark.anyio
ME = "/api/users/me"
PREFERENCES = "/api/users/me/preferences"
NOTHING: dict[str, Any] = {
    "pet_type": None,
    "size": None,
    "age_months_min": None,
    "age_months_max": None,
    "latitude": None,
    "longitude": None,
    "radius_km": None,
}
PLACE = {"latitude": 30.25, "longitude": -97.75, "radius_km": 25.0}


async def audited(api: Api) -> list[tuple[object, str, str]]:
    columns = (audit_log.c.actor_id, audit_log.c.action, audit_log.c.object_id)
    noted = select(*columns).where(~audit_log.c.action.startswith("auth."))
    async with api.held.engine.connect() as connection:
        return [tuple(row) for row in (await connection.execute(noted.order_by(audit_log.c.id)))]


async def test_a_name_can_be_changed(api: Api, adopter: Account) -> None:
    changed = await adopter.client.patch(ME, json={"display_name": "Zoë"})
    assert changed.status_code == 200
    assert changed.json()["display_name"] == "Zoë"
    assert (await adopter.client.get(ME)).json() == changed.json()
    assert await audited(api) == [(adopter.id, "user.change", str(adopter.id))]


@pytest.mark.parametrize("name", ["", "x" * 201, "a\0b", None, 7], ids=lambda name: ascii(name)[:9])
async def test_a_name_that_is_none_is_refused(adopter: Account, name: object) -> None:
    assert (await adopter.client.patch(ME, json={"display_name": name})).status_code == 422


async def test_a_token_outlives_its_account_and_is_refused(api: Api) -> None:
    client = api.with_token(await api.token(Principal(uuid4(), Role.USER, uuid4())))
    assert (await client.get(ME)).status_code == 401
    assert (await client.patch(ME, json={"display_name": "x"})).status_code == 401
    assert (await client.put(PREFERENCES, json={})).status_code == 401


async def test_preferences_are_replaced_as_a_whole(api: Api, adopter: Account) -> None:
    assert (await adopter.client.get(PREFERENCES)).json() == NOTHING
    first = {"pet_type": "dog", "size": "large", "age_months_min": 3, "age_months_max": 3, **PLACE}
    stored = await adopter.client.put(PREFERENCES, json=first)
    assert (stored.status_code, stored.json()) == (200, first)
    assert (await adopter.client.get(PREFERENCES)).json() == first
    await adopter.client.put(PREFERENCES, json={"pet_type": "cat"})
    assert (await adopter.client.get(PREFERENCES)).json() == {**NOTHING, "pet_type": "cat"}
    assert await api.rows(preferences) == 1
    assert (await (await api.join()).client.get(PREFERENCES)).json() == NOTHING


async def test_new_preferences_make_a_new_deck(api: Api, adopter: Account) -> None:
    await api.list_pets(1)
    await adopter.client.get("/api/deck")
    assert await api.held.cache.exists(deck_key(adopter.id))
    assert (await adopter.client.put(PREFERENCES, json={"radius_km": 0})).status_code == 422
    assert await api.held.cache.exists(deck_key(adopter.id))
    assert (await adopter.client.put(PREFERENCES, json={})).status_code == 200
    assert not await api.held.cache.exists(deck_key(adopter.id))


@pytest.mark.parametrize(
    "wrong",
    [
        {"pet_type": "dragon"},
        {"size": "huge"},
        {"age_months_min": 4, "age_months_max": 3},
        {"age_months_min": -1},
        {"age_months_max": 601},
        {"age_months_max": 10**30},
        {"latitude": 30.0},
        {"latitude": 30.0, "longitude": -97.0},
        {"radius_km": 10},
        {**PLACE, "latitude": 90.1},
        {**PLACE, "longitude": -180.1},
        {**PLACE, "radius_km": 0.9},
        {**PLACE, "radius_km": 500.1},
        {**PLACE, "latitude": "NaN"},
    ],
    ids=str,
)
async def test_preferences_that_contradict_themselves_are_refused(
    api: Api, adopter: Account, wrong: dict[str, object]
) -> None:
    assert (await adopter.client.put(PREFERENCES, json=wrong)).status_code == 422
    assert await api.rows(preferences) == 0


async def test_an_admin_reads_all_accounts_page_by_page(api: Api) -> None:
    admin = await api.join(Role.ADMIN)
    others = [await api.join(role) for role in (Role.USER, Role.SHELTER, Role.USER)]
    async with api.held.engine.connect() as connection:
        gone = update(users).where(users.c.id == others[0].id)
        await connection.execute(gone.values(deleted_at=users.c.created_at))
    found, cursor = [], None
    while True:
        params = {"limit": "1"} | ({"cursor": cursor} if cursor else {})
        page = (await admin.client.get("/api/users", params=params)).json()
        assert len(page["items"]) <= 1
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    people = [admin, *others[1:]]
    assert [item["id"] for item in found] == sorted(str(person.id) for person in people)
    assert {item["email"] for item in found} == {person.email for person in people}
    shelters = (await admin.client.get("/api/users", params={"role": "shelter"})).json()
    assert [item["email"] for item in shelters["items"]] == [others[1].email]


async def test_only_admins_see_and_change_accounts(
    api: Api, adopter: Account, shelter: Account
) -> None:
    for person in (adopter, shelter):
        assert (await person.client.get("/api/users")).status_code == 403
        changed = await person.client.patch(f"/api/users/{adopter.id}", json={"role": "admin"})
        assert changed.status_code == 403
    assert (await api.client.get("/api/users")).status_code == 401
    assert (await adopter.client.get(ME)).json()["role"] == "user"


async def test_a_new_role_counts_from_the_next_log_in(api: Api, adopter: Account) -> None:
    admin = await api.join(Role.ADMIN)
    route = f"/api/users/{adopter.id}"
    changed = await admin.client.patch(route, json={"role": "shelter"})
    assert (changed.status_code, changed.json()["role"]) == (200, "shelter")
    assert (await adopter.client.get(ME)).status_code == 401
    body = {"email": adopter.email, "password": "correct horse battery"}
    token = (await api.client.post("/api/auth/login", json=body)).json()["access_token"]
    assert api.held.tokens.verify(token).role is Role.SHELTER
    assert await audited(api) == [(admin.id, "user.change", str(adopter.id))]


async def test_an_account_can_be_closed_and_opened_again(api: Api, adopter: Account) -> None:
    admin = await api.join(Role.ADMIN)
    route = f"/api/users/{adopter.id}"
    body = {"email": adopter.email, "password": "correct horse battery"}
    assert (await admin.client.patch(route, json={"is_active": False})).status_code == 200
    assert (await adopter.client.get(ME)).status_code == 401
    assert (await api.client.post("/api/auth/login", json=body)).status_code == 401
    assert (await admin.client.patch(route, json={"is_active": True})).status_code == 200
    assert (await api.client.post("/api/auth/login", json=body)).status_code == 200


async def test_no_change_ends_no_session(api: Api, adopter: Account) -> None:
    admin = await api.join(Role.ADMIN)
    same = await admin.client.patch(f"/api/users/{adopter.id}", json={})
    assert (same.status_code, same.json()["role"]) == (200, "user")
    assert (await adopter.client.get(ME)).status_code == 200
    assert await audited(api) == []


@pytest.mark.parametrize("change", [{"role": "user"}, {"is_active": False}], ids=str)
async def test_an_admin_remains(api: Api, change: dict[str, object]) -> None:
    admin = await api.join(Role.ADMIN)
    assert (await admin.client.patch(f"/api/users/{admin.id}", json=change)).status_code == 409
    assert (await admin.client.get("/api/users")).status_code == 200


@pytest.mark.parametrize("user_id", [uuid4(), "x"], ids=["unknown", "no id"])
async def test_an_account_that_is_not_there_cannot_be_changed(api: Api, user_id: object) -> None:
    admin = await api.join(Role.ADMIN)
    answer = await admin.client.patch(f"/api/users/{user_id}", json={"is_active": True})
    assert answer.status_code == (422 if user_id == "x" else 404)


async def test_the_first_administrator_is_made_on_the_command_line(
    api: Api, adopter: Account, command: Command
) -> None:
    assert (await adopter.client.get("/api/audit")).status_code == 403
    done = await to_thread.run_sync(command, "grant", adopter.email.upper(), "admin")
    assert (done.returncode, done.stdout) == (0, f"{adopter.email.upper()} is admin now\n")
    assert (await adopter.client.get("/api/audit")).status_code == 401, "the old role has ended"
    again = await api.client.post(
        "/api/auth/login", json={"email": adopter.email, "password": "correct horse battery"}
    )
    admin = api.with_token(again.json()["access_token"])
    (noted,) = (await admin.get("/api/audit?action=user.grant")).json()["items"]
    assert noted["object_id"] == str(adopter.id)


def test_a_role_for_nobody_is_refused(command: Command) -> None:
    done = command("grant", "nobody@people.petswipe.example", "admin")
    assert done.returncode == 1
    assert done.stderr == "Error: nobody@people.petswipe.example has no account: sign up first\n"
