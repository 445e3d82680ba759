from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert

from app.audit.service import record
from app.audit.tables import audit_log
from app.auth import Role
from app.work import Work

if TYPE_CHECKING:
    from tests.app.conftest import Account, Api

pytestmark = pytest.mark.anyio
ROUTE = "/api/audit"
ACTOR = UUID(int=7)


@pytest.fixture
async def admin(api: Api) -> Account:
    return await api.join(Role.ADMIN)


async def read(account: Account, **params: Any) -> dict[str, Any]:
    answer = await account.client.get(ROUTE, params=params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_what_is_recorded_can_be_read(api: Api, admin: Account) -> None:
    work, pet = Work(api.held.engine, "request-1"), uuid4()
    await record(work, ACTOR, "pet.delete", "pet", pet)
    await work.commit()
    (found,) = (await read(admin, actor_id=ACTOR))["items"]
    assert found.pop("id") > 0
    assert found.pop("at")
    assert found == {
        "actor_id": str(ACTOR),
        "action": "pet.delete",
        "object_kind": "pet",
        "object_id": str(pet),
        "request_id": "request-1",
    }


@pytest.mark.parametrize("role", [Role.USER, Role.SHELTER])
async def test_only_administrators_read_it(api: Api, role: Role) -> None:
    account = await api.join(role)
    assert (await account.client.get(ROUTE)).status_code == 403
    assert (await api.client.get(ROUTE)).status_code == 401


async def store(api: Api) -> None:
    rows = [
        {
            "actor_id": ACTOR if number % 2 else None,
            "action": f"thing.{'add' if number < 5 else 'drop'}",
            "object_kind": "thing" if number % 3 else "other",
            "object_id": str(number),
            "request_id": "",
        }
        for number in range(10)
    ]
    async with api.held.engine.connect() as connection:
        await connection.execute(insert(audit_log), rows)


async def test_pages_go_from_the_newest_to_the_oldest(api: Api, admin: Account) -> None:
    await store(api)
    whole = [item["id"] for item in (await read(admin, limit=100))["items"]]
    assert whole == sorted(whole, reverse=True)
    assert len(whole) >= 10
    seen: list[int] = []
    params: dict[str, Any] = {"limit": 3}
    while True:
        page = await read(admin, **params)
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == whole


@pytest.mark.parametrize(
    ("filters", "numbers"),
    [
        ({"actor_id": str(ACTOR)}, {1, 3, 5, 7, 9}),
        ({"action": "thing.drop"}, {5, 6, 7, 8, 9}),
        ({"object_kind": "other"}, {0, 3, 6, 9}),
        ({"object_kind": "thing", "object_id": "4"}, {4}),
        ({"actor_id": str(ACTOR), "action": "thing.add", "object_kind": "other"}, {3}),
        ({"action": "no.such"}, set()),
    ],
)
async def test_records_can_be_looked_for(
    api: Api, admin: Account, filters: dict[str, str], numbers: set[int]
) -> None:
    await store(api)
    found = (await read(admin, limit=100, **filters))["items"]
    assert {int(item["object_id"]) for item in found} == numbers


@pytest.mark.parametrize(
    "wrong",
    [
        {"cursor": 0},
        {"cursor": 2**63},
        {"cursor": "x"},
        {"limit": 101},
        {"actor_id": "me"},
        {"action": "a\x00"},
        {"object_id": "x" * 65},
    ],
)
async def test_a_search_that_makes_no_sense_is_refused(
    admin: Account, wrong: dict[str, Any]
) -> None:
    assert (await admin.client.get(ROUTE, params=wrong)).status_code == 422
