from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import insert, select

from app.accounts.tables import users
from app.audit.tables import audit_log
from app.auth import Principal, Role
from app.cache import object_key
from app.households.invitations import GROUP, GROUPS, LETTERS, new_code, tidy
from app.households.service import MOST_MEMBERS
from app.households.tables import household_members, households

if TYPE_CHECKING:
    import httpx

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio
ROUTE = "/api/households"


async def found(client: httpx.AsyncClient, name: str = "Home") -> dict[str, Any]:
    created = await client.post(ROUTE, json={"name": name})
    assert created.status_code == 201, created.text
    household: dict[str, Any] = created.json()
    return household


async def join(client: httpx.AsyncClient, household: dict[str, Any]) -> httpx.Response:
    return await client.post(f"{ROUTE}/join", json={"code": household["invite_code"]})


async def leave(client: httpx.AsyncClient, household: dict[str, Any]) -> int:
    answer = await client.delete(f"{ROUTE}/{household['id']}/members/me")
    return answer.status_code


async def people(api: Api, count: int) -> list[tuple[UUID, httpx.AsyncClient]]:
    """Make accounts without the cost of signing up."""
    principals = [Principal(uuid4(), Role.USER, uuid4()) for _ in range(count)]
    rows = [
        {
            "id": principal.user_id,
            "email": f"{principal.user_id}@people.petswipe.example",
            "password_hash": "none",
            "display_name": f"Person {number}",
            "role": Role.USER,
        }
        for number, principal in enumerate(principals)
    ]
    async with api.held.engine.connect() as connection:
        await connection.execute(insert(users), rows)
    return [(p.user_id, api.with_token(await api.token(p))) for p in principals]


async def actions(api: Api) -> list[tuple[str, str]]:
    async with api.held.engine.connect() as connection:
        statement = select(audit_log.c.action, audit_log.c.object_id).order_by(audit_log.c.id)
        rows = await connection.execute(statement.where(audit_log.c.object_kind == "household"))
        return [(row.action, row.object_id) for row in rows]


async def test_a_founder_leads_a_household_of_one(
    api: Api, adopter: Account, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "app.households"):
        household = await found(adopter.client, "  The Smiths ")
    assert household["name"] == "The Smiths"
    assert household["leader_id"] == str(adopter.id)
    assert household["member_ids"] == [str(adopter.id)]
    said = [record for record in caplog.records if record.name == "app.households"]
    assert [record.message for record in said] == [
        "household.create.started",
        "household.create.success",
    ]
    assert {vars(record)["household_id"] for record in said} == {household["id"]}
    assert {vars(record)["user_id"] for record in said} == {str(adopter.id)}
    assert await actions(api) == [("household.create", household["id"])]


async def test_nobody_lives_in_two_households(api: Api, adopter: Account) -> None:
    await found(adopter.client)
    other = await api.join()
    theirs = await found(other.client)
    assert (await adopter.client.post(ROUTE, json={"name": "Second"})).status_code == 409
    assert (await join(adopter.client, theirs)).status_code == 409
    assert await api.rows(households) == 2
    assert await api.rows(household_members) == 2


async def test_200_identical_requests_found_one_household(api: Api, adopter: Account) -> None:
    post = adopter.client.post
    answers = await asyncio.gather(*(post(ROUTE, json={"name": "Home"}) for _ in range(200)))
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {201: 1, 409: 199}
    assert await api.rows(households) == 1
    assert await api.rows(household_members) == 1
    assert len(await actions(api)) == 1


@pytest.mark.parametrize("name", ["", "   ", "\x0b", "\u200b", "x" * 101, "a\x00b", "\ud800"])
async def test_a_name_that_cannot_be_stored_is_refused(adopter: Account, name: str) -> None:
    body = b'{"name": "\\ud800"}' if name == "\ud800" else None
    sent = {"content": body} if body else {"json": {"name": name}}
    headers = {"Content-Type": "application/json"}
    answer = await adopter.client.post(ROUTE, headers=headers, **sent)
    assert answer.status_code == 422


async def test_an_invite_code_lets_in_however_it_is_typed(api: Api, adopter: Account) -> None:
    household = await found(adopter.client)
    other = await api.join()
    typed = household["invite_code"].lower().replace("-", " ")
    joined = await other.client.post(f"{ROUTE}/join", json={"code": f" {typed} "})
    assert joined.status_code == 200
    assert joined.json()["member_ids"] == [str(adopter.id), str(other.id)]
    again = await join(other.client, household)
    assert (again.status_code, again.json()) == (200, joined.json())
    assert [action for action, _ in await actions(api)] == ["household.create", "household.join"]


def test_invite_codes_cannot_be_guessed_or_misread() -> None:
    assert math.log2(len(LETTERS)) * GROUPS * GROUP >= 80
    assert not set("01OILV") & set(LETTERS)
    codes = {new_code() for _ in range(1000)}
    assert len(codes) == 1000
    assert all(tidy(code) == code for code in codes)


@pytest.mark.parametrize("code", ["AAAAA-AAAAA-AAAAA-AAAAA", "-", "a\x00b", "ß"])
async def test_an_unknown_code_answers_404(adopter: Account, code: str) -> None:
    answer = await adopter.client.post(f"{ROUTE}/join", json={"code": code})
    assert answer.status_code == 404


async def test_a_household_takes_20_members_however_many_come_at_once(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    newcomers = await people(api, MOST_MEMBERS + 10)
    answers = await asyncio.gather(*(join(client, household) for _, client in newcomers))
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {200: MOST_MEMBERS - 1, 409: 11}
    assert await api.rows(household_members) == MOST_MEMBERS


async def test_strangers_learn_nothing_of_a_household(api: Api, adopter: Account) -> None:
    household = await found(adopter.client)
    for stranger in (await api.join(), await api.join(Role.ADMIN)):
        for route in (f"{ROUTE}/{household['id']}", f"{ROUTE}/{household['id']}/members"):
            answer = await stranger.client.get(route)
            unknown = await stranger.client.get(route.replace(household["id"], str(uuid4())))
            assert (answer.status_code, answer.json()["detail"]) == (
                404,
                unknown.json()["detail"],
            )
        assert await leave(stranger.client, household) == 404
    assert await api.rows(household_members) == 1


async def test_members_know_each_other_by_name_and_not_by_address(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    other = await api.join()
    await join(other.client, household)
    with api.round_trips() as asked:
        answer = await other.client.get(f"{ROUTE}/{household['id']}/members")
    assert len(asked.statements) == 1
    assert [(m["user_id"], m["is_leader"]) for m in answer.json()["items"]] == [
        (str(adopter.id), True),
        (str(other.id), False),
    ]
    assert {m["display_name"] for m in answer.json()["items"]} == {"Someone"}
    assert "@" not in answer.text


async def test_a_household_is_read_from_the_cache_until_it_changes(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    route = f"{ROUTE}/{household['id']}"
    assert (await adopter.client.get(route)).json() == household
    with api.round_trips() as cached:
        assert (await adopter.client.get(route)).json() == household
    assert cached.statements == []
    assert 0 < await api.held.cache.ttl(object_key("household", household["id"])) <= 300
    other = await api.join()
    await join(other.client, household)
    for account in (adopter, other):
        members = (await account.client.get(route)).json()["member_ids"]
        assert members == [str(adopter.id), str(other.id)]
    assert await leave(other.client, household) == 204
    assert (await other.client.get(route)).status_code == 404


async def test_a_slow_reader_does_not_bring_back_what_has_changed(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    other = await api.join()
    await join(other.client, household)
    # Somebody has read before the change and comes to the cache after it.
    stale = str(household)
    assert not await api.held.cache.set(
        object_key("household", household["id"]), stale, ex=300, nx=True
    )
    answer = await other.client.get(f"{ROUTE}/{household['id']}")
    assert len(answer.json()["member_ids"]) == 2


async def test_households_work_without_a_cache(
    settings: Settings, free_port: int, open_api: OpenApi
) -> None:
    cache_url = f"redis://127.0.0.1:{free_port}"
    async with open_api(settings, cache_url=cache_url) as api:
        first, second = await api.join(), await api.join()
        household = await found(first.client)
        assert (await join(second.client, household)).status_code == 200
        answer = await second.client.get(f"{ROUTE}/{household['id']}")
        assert len(answer.json()["member_ids"]) == 2
        assert await leave(first.client, household) == 204


async def test_what_is_broken_in_the_cache_is_read_anew(api: Api, adopter: Account) -> None:
    household = await found(adopter.client)
    await api.held.cache.set(object_key("household", household["id"]), '{"id": 1}')
    answer = await adopter.client.get(f"{ROUTE}/{household['id']}")
    assert answer.json() == household


async def test_leadership_passes_to_the_longest_member_and_the_last_one_ends_it(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    (second_id, second), (_, third) = await people(api, 2)
    await join(second, household)
    await join(third, household)
    assert await leave(adopter.client, household) == 204
    assert await leave(adopter.client, household) == 404
    answer = await third.get(f"{ROUTE}/{household['id']}")
    assert answer.json()["leader_id"] == str(second_id)
    assert await leave(third, household) == 204
    assert await leave(second, household) == 204
    assert await api.rows(households) == 0
    assert (await join(third, household)).status_code == 404
    assert [action for action, _ in await actions(api)][-3:] == ["household.leave"] * 3


async def test_a_household_is_never_left_without_a_leader_or_as_an_empty_shell(
    api: Api, adopter: Account
) -> None:
    household = await found(adopter.client)
    residents = await people(api, 8)
    for _, client in residents[:4]:
        await join(client, household)
    leaving = [leave(adopter.client, household)]
    leaving += [leave(client, household) for _, client in residents[:3]]
    joining = [join(client, household) for _, client in residents[4:]]
    left, joined = await asyncio.gather(asyncio.gather(*leaving), asyncio.gather(*joining))
    assert left == [204] * 4
    assert {answer.status_code for answer in joined} == {200}
    members = (await residents[3][1].get(f"{ROUTE}/{household['id']}")).json()
    assert len(members["member_ids"]) == 5
    assert members["leader_id"] in members["member_ids"]
