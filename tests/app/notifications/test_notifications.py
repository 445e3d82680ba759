"""The routes: the list, and where else notifications go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from app.audit.tables import audit_log
from app.notifications.tables import channels, notifications

if TYPE_CHECKING:
    from typing import Any

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio

ROUTE = "/api/notifications"
CHANNELS = "/api/notifications/channels"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
HOOK = "https://hooks.people.example/in?key=1"


async def notify(api: Api, user: UUID, count: int) -> list[str]:
    """Put so many on a user's list; returns their ids, the newest first."""
    ids = [uuid4() for _ in range(count)]
    rows = [
        {
            "id": notification_id,
            "user_id": user,
            "kind": "match.created",
            "payload": {"pet_name": "Rex"},
            # Two of each moment: only the id tells them apart.
            "created_at": NEW_YEAR - timedelta(seconds=number // 2),
        }
        for number, notification_id in enumerate(ids)
    ]
    async with api.held.engine.connect() as connection:
        await connection.execute(insert(notifications), rows)
    ordered = sorted(rows, key=lambda row: (row["created_at"], row["id"]), reverse=True)
    return [str(row["id"]) for row in ordered]


async def pages(account: Account, **query: Any) -> list[list[str]]:
    found: list[list[str]] = []
    while True:
        answer = await account.client.get(ROUTE, params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found.append([item["id"] for item in page["items"]])
        if page["next_cursor"] is None:
            return found
        query["cursor"] = page["next_cursor"]


async def test_the_list_has_the_newest_first_in_pages(api: Api, adopter: Account) -> None:
    ids = await notify(api, adopter.id, 7)
    await notify(api, (await api.join()).id, 3)
    assert await pages(adopter, limit=3) == [ids[:3], ids[3:6], ids[6:]]
    assert await pages(adopter, limit=7) == [ids]
    first = (await adopter.client.get(ROUTE, params={"limit": 1})).json()["items"]
    assert first == [
        {
            "id": ids[0],
            "kind": "match.created",
            "data": {"pet_name": "Rex"},
            "created_at": "2026-01-01T00:00:00Z",
            "read_at": None,
        }
    ]


async def test_the_list_of_somebody_new_is_empty(adopter: Account) -> None:
    assert (await adopter.client.get(ROUTE)).json() == {"items": [], "next_cursor": None}


async def test_a_cursor_of_somebody_else_continues_with_nothing(api: Api, adopter: Account) -> None:
    await notify(api, adopter.id, 2)
    theirs = await notify(api, (await api.join()).id, 2)
    for cursor in (theirs[0], str(uuid4())):
        answer = await adopter.client.get(ROUTE, params={"cursor": cursor})
        assert answer.json() == {"items": [], "next_cursor": None}


async def test_what_was_read_is_told_from_what_was_not(api: Api, adopter: Account) -> None:
    ids = await notify(api, adopter.id, 3)
    path = f"{ROUTE}/{ids[1]}/read"
    assert (await adopter.client.put(path)).status_code == 204
    listed = (await adopter.client.get(ROUTE)).json()["items"]
    assert [item["read_at"] is None for item in listed] == [True, False, True]
    assert await pages(adopter, unread="true") == [[ids[0], ids[2]]]
    assert await pages(adopter, unread="false") == [[ids[1]]]
    # Once more changes nothing.
    assert (await adopter.client.put(path)).status_code == 204
    assert (await adopter.client.get(ROUTE)).json()["items"] == listed


async def test_a_notification_of_somebody_else_is_not_there(api: Api, adopter: Account) -> None:
    other = await api.join()
    (theirs,) = await notify(api, other.id, 1)
    for notification_id in (theirs, str(uuid4())):
        refused = await adopter.client.put(f"{ROUTE}/{notification_id}/read")
        assert refused.status_code == 404
    assert await pages(other, unread="true") == [[theirs]]


async def test_everybody_hears_by_e_mail_until_they_choose(api: Api, adopter: Account) -> None:
    default = {"email": True, "webhook_url": None}
    assert (await adopter.client.get(CHANNELS)).json() == default
    for wanted in (
        {"email": False, "webhook_url": HOOK},
        {"email": True, "webhook_url": HOOK},
        {"email": False, "webhook_url": None},
    ):
        written = await adopter.client.put(CHANNELS, json=wanted)
        assert (written.status_code, written.json()) == (200, wanted)
        assert (await adopter.client.get(CHANNELS)).json() == wanted
    assert await api.rows(channels) == 1
    assert (await (await api.join()).client.get(CHANNELS)).json() == default


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://2130706433/",
        "http://me@hooks.people.example/",
        "http://hooks.people.example:6379/",
        "http://hooks.people.example/\x00",
        "ftp://hooks.people.example/",
        "https://hooks.people.example/" + "a" * 2000,
        "",
    ],
)
async def test_a_webhook_that_is_no_public_server_s_is_refused(
    url: str, api: Api, adopter: Account
) -> None:
    refused = await adopter.client.put(CHANNELS, json={"email": True, "webhook_url": url})
    assert refused.status_code == 422
    assert await api.rows(channels) == 0


async def test_a_webhook_is_refused_where_they_are_switched_off(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, feature_webhooks=False) as api:
        account = await api.join()
        refused = await account.client.put(CHANNELS, json={"email": True, "webhook_url": HOOK})
        assert refused.status_code == 422
        taken = await account.client.put(CHANNELS, json={"email": False, "webhook_url": None})
        assert taken.status_code == 200


async def test_changes_are_audited_once(api: Api, adopter: Account) -> None:
    (notification_id,) = await notify(api, adopter.id, 1)
    for _ in range(2):
        await adopter.client.put(f"{ROUTE}/{notification_id}/read")
    await adopter.client.put(CHANNELS, json={"email": True, "webhook_url": None})
    async with api.held.engine.connect() as connection:
        rows = await connection.execute(
            select(audit_log.c.action, audit_log.c.object_id)
            .where(audit_log.c.action.in_(("notification.read", "channels.change")))
            .where(audit_log.c.actor_id == adopter.id)
            .order_by(audit_log.c.id)
        )
        found = [tuple(row) for row in rows]
    assert found == [
        ("notification.read", notification_id),
        ("channels.change", str(adopter.id)),
    ]


async def test_a_page_costs_one_statement(api: Api, adopter: Account) -> None:
    ids = await notify(api, adopter.id, 3)
    # The first request of a session asks for that as well.
    await adopter.client.get(ROUTE)
    with api.round_trips() as seen:
        await adopter.client.get(ROUTE, params={"cursor": ids[0], "limit": 1})
    assert len(seen.statements) == 1


@pytest.mark.parametrize("path", [ROUTE, CHANNELS])
async def test_strangers_are_told_to_log_in(path: str, api: Api) -> None:
    assert (await api.client.get(path)).status_code == 401
