"""Swipes in the plain case, and how they go on to the documented route when they are not."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import delete, select, text, update

from app.accounts.tables import users
from app.auth import Role
from app.database import transactional
from app.edge import MAX_BODY
from app.hot_path import HotPath, send_json
from app.outbox.tables import outbox
from app.pets.tables import pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from httpx import Response
    from starlette.types import Receive, Scope, Send

    from app.settings import Settings
    from tests.app.conftest import Account, Api, OpenApi

pytestmark = pytest.mark.anyio

ROUTE = "/api/swipes"
JSON = {"content-type": "application/json"}
SHED = "petswipe_group_commit_shed_total"
BATCHES = "petswipe_group_commit_batch_size_count"
ADOPTERS, EACH = 5, 10
# What differs from request to request.
OWN_HEADERS = ("x-request-id", "ratelimit")
LEGAL = (
    '{"pet_id": "PET", "liked": true}',
    '{"pet_id": "PET", "liked": false, "notes": "Zo\\u00eb \\ud83d\\udc36"}',
    '{"pet_id": "PET", "liked": "true"}',
    '{"pet_id": "PET", "liked": 1}',
    '{"pet_id": "UPPER", "liked": true}',
    '{"pet_id": "HEX", "liked": true}',
    '{"pet_id": "urn:uuid:PET", "liked": true}',
    '{"pet_id": "{PET}", "liked": true}',
    '{"pet_id": "PET", "liked": true, "more": {"of": ["this"]}}',
    '{"pet_id": 1, "pet_id": "PET", "liked": true}',
    '\ufeff{"pet_id": "PET", "liked": true}',
    ' \n{"pet_id": "PET", "liked": true, "notes": null}\n',
)
KINDS = (
    "application/json; charset=utf-8",
    "APPLICATION/JSON",
    "application/problem+json",
    "text/plain",
    "application/x-www-form-urlencoded",
    None,
)
WRONG = (
    b"",
    b"null",
    b"[]",
    b"{",
    b"{}",
    b'{"pet_id": "rex", "liked": true}',
    b'{"pet_id": "PET", "liked": "maybe"}',
    b'{"pet_id": "PET", "liked": null}',
    b'{"pet_id": "PET"}',
    b'{"pet_id": "PET", "liked": true, "notes": 7}',
    b'{"pet_id": "PET", "liked": true, "notes": "LONG"}',
    b'{"pet_id": "PET", "liked": true, "notes": "a\\u0000b"}',
    b'{"pet_id": "PET", "liked": true, "notes": "\\ud83d"}',
    b'{"pet_id": "PET", "liked": true, "notes": "\xff"}',
    b'{"pet_id": "PET", "liked": true} and more',
)


@asynccontextmanager
async def nobody_writes_swipes(api: Api) -> AsyncIterator[Callable[[int], Awaitable[None]]]:
    """Hold swipes up in PostgreSQL; yields what waits until so many statements are held up."""
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    engine = api.held.engine

    async def held_up(statements: int) -> None:
        async with asyncio.timeout(30), engine.connect() as connection:
            while (await connection.scalar(waiting) or 0) < statements:  # noqa: ASYNC110  # PostgreSQL tells nobody
                await asyncio.sleep(0.01)

    async with transactional(engine).connect() as other:
        await other.execute(text("LOCK TABLE swipes IN ACCESS EXCLUSIVE MODE"))
        yield held_up
        await other.rollback()


async def until(holds: Callable[[], bool]) -> None:
    """Let others go on until something holds."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110  # it is the application's, which tells nobody
            await asyncio.sleep(0.001)


def swiping(account: Account, pet: str) -> asyncio.Task[Response]:
    body = {"pet_id": pet, "liked": True}
    return asyncio.create_task(account.client.post(ROUTE, json=body))


def pieces(body: bytes, size: int) -> AsyncIterator[bytes]:
    async def sent() -> AsyncIterator[bytes]:
        for at in range(0, len(body), size):
            yield body[at : at + size]

    return sent()


def comparable(answer: Response) -> tuple[int, dict[str, object], dict[str, str]]:
    """Return an answer without what is its own: ids and times of swipes and requests."""
    body = answer.json()
    for name in ("id", "created_at", "request_id"):
        body.pop(name, None)
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    return answer.status_code, body, headers


@pytest.fixture
async def pair(api: Api) -> tuple[Account, Account]:
    """One who swipes on the hot path, and one who does by the documented route."""
    return await api.join(), await api.join()


async def sent_both_ways(
    pair: tuple[Account, Account], body: bytes, headers: dict[str, str], size: int = 0
) -> tuple[Response, Response]:
    """Send a body on the hot path and, with a key that it does not take, by the other route."""
    answers = []
    for account, extra in zip(pair, ({}, {"Idempotency-Key": uuid4().hex}), strict=True):
        content = pieces(body, size) if size else body
        sent = {**headers, **extra}
        answers.append(await account.client.post(ROUTE, content=content, headers=sent))
    return answers[0], answers[1]


@pytest.mark.parametrize("size", [0, 7], ids=["whole", "in pieces"])
async def test_an_odd_but_legal_body_is_answered_as_the_documented_route_does(
    api: Api, pair: tuple[Account, Account], size: int
) -> None:
    for form, pet in zip(LEGAL, await api.list_pets(len(LEGAL)), strict=True):
        body = form.replace("PET", pet).replace("UPPER", pet.upper()).replace("HEX", UUID(pet).hex)
        hot, documented = await sent_both_ways(pair, body.encode(), JSON, size)
        assert hot.status_code == 201, (form, hot.text)
        assert hot.json()["pet_id"] == pet, form
        assert comparable(hot) == comparable(documented), form
    assert await api.rows(swipes) == 2 * len(LEGAL)


async def test_any_content_type_is_answered_as_the_documented_route_does(
    api: Api, pair: tuple[Account, Account]
) -> None:
    answered = set()
    for kind, pet in zip(KINDS, await api.list_pets(len(KINDS)), strict=True):
        body = json.dumps({"pet_id": pet, "liked": True}).encode()
        headers = {} if kind is None else {"content-type": kind}
        hot, documented = await sent_both_ways(pair, body, headers)
        assert comparable(hot) == comparable(documented), kind
        answered.add(hot.status_code)
    assert answered == {201, 422}


async def test_a_wrong_body_is_refused_in_the_words_of_the_documented_route(
    api: Api, pair: tuple[Account, Account]
) -> None:
    pet = str(uuid4()).encode()
    for form in WRONG:
        body = form.replace(b"PET", pet).replace(b"LONG", b"x" * 501)
        hot, documented = await sent_both_ways(pair, body, JSON)
        assert hot.status_code in {400, 422}, form
        assert hot.headers["content-type"] == "application/problem+json"
        assert comparable(hot) == comparable(documented), form
        assert hot.status_code == 400 or hot.json()["errors"], form
    assert await api.rows(swipes) == 0


async def test_an_error_is_answered_as_the_documented_route_does(
    api: Api, pair: tuple[Account, Account]
) -> None:
    body = json.dumps({"pet_id": str(uuid4()), "liked": True}).encode()
    hot, documented = await sent_both_ways(pair, body, JSON)
    assert hot.status_code == 404
    assert comparable(hot) == comparable(documented)
    # Nobody is logged in.
    answers = [
        await api.client.post(ROUTE, content=body, headers={**JSON, **extra})
        for extra in ({}, {"Idempotency-Key": "one"})
    ]
    assert answers[0].status_code == 401
    assert comparable(answers[0]) == comparable(answers[1])


async def test_a_body_that_grows_too_large_is_refused_as_by_the_documented_route(
    pair: tuple[Account, Account],
) -> None:
    body = b'{"pet_id": "' + b"x" * MAX_BODY + b'"}'
    hot, documented = await sent_both_ways(pair, body, JSON, 4096)
    assert hot.status_code == 413
    assert comparable(hot) == comparable(documented)


async def test_a_route_that_fails_unexpectedly_is_answered_with_a_problem(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def documented(_: Scope, __: Receive, send: Send) -> None:
        await send_json(send, 200, b"{}")

    async def failing(_: Scope, __: Receive, ___: Send) -> None:
        raise LookupError("nobody foresaw this")

    app = HotPath(documented, {("POST", ROUTE): failing})
    async with AsyncClient(transport=ASGITransport(app), base_url="http://here") as client:
        failed = await client.post(ROUTE)
        assert failed.status_code == 500
        assert failed.headers["content-type"] == "application/problem+json"
        assert "nobody foresaw" not in failed.text
        assert "nobody foresaw" in caplog.text
        # Another method and another path are the application's.
        for other in (await client.get(ROUTE), await client.post(f"{ROUTE}/")):
            assert (other.status_code, other.content) == (200, b"{}")


async def test_many_swipes_at_once_share_statements_and_commands(api: Api) -> None:
    ids = await api.list_pets(EACH)
    adopters = [await api.join() for _ in range(ADOPTERS)]
    for adopter in adopters:
        # From now on its session is in the cache.
        await adopter.client.get(ROUTE)
    before = api.sample(BATCHES)
    with api.round_trips() as cost:
        asked = [swiping(adopter, pet) for pet in ids for adopter in adopters]
        answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [201] * ADOPTERS * EACH
    assert [answer.json()["pet_id"] for answer in answers] == [pet for pet in ids for _ in adopters]
    assert len({answer.json()["id"] for answer in answers}) == ADOPTERS * EACH
    assert await api.rows(swipes) == ADOPTERS * EACH
    assert len(cost.statements) <= 10
    batches = api.sample(BATCHES) - before
    assert 1 <= batches <= 10
    # The cards of a batch leave their decks in one command.
    assert cost.commands["evalsha"] == ADOPTERS * EACH + batches
    assert api.sample("petswipe_swipes_total", direction="like") == ADOPTERS * EACH
    for adopter in adopters:
        mine = (await adopter.client.get(f"{ROUTE}?limit=100")).json()["items"]
        assert {swipe["pet_id"] for swipe in mine} == set(ids)


async def test_a_bad_swipe_among_many_fails_only_itself(api: Api) -> None:
    shelter = await api.join(Role.SHELTER)
    *listed, own = await api.list_pets(9)
    adopter, gone = await api.join(), await api.join()
    # Its token is still good, and its session is in the cache.
    assert (await gone.client.get(ROUTE)).status_code == 200
    async with api.held.engine.connect() as connection:
        mine = update(pets).where(pets.c.id == UUID(own)).values(owner_id=shelter.id)
        await connection.execute(mine)
        await connection.execute(delete(users).where(users.c.id == gone.id))
    async with nobody_writes_swipes(api) as held_up:
        # All but the first two are in one batch.
        asked = [swiping(adopter, listed[0])]
        await held_up(1)
        asked.append(swiping(adopter, listed[1]))
        await held_up(2)
        asked += [swiping(adopter, pet) for pet in listed[2:5]]
        asked.append(swiping(adopter, str(uuid4())))
        asked.append(swiping(shelter, own))
        asked.append(swiping(gone, listed[0]))
        asked += [swiping(adopter, pet) for pet in listed[5:]]
        await until(lambda: api.sample("petswipe_group_commit_queued") == len(asked) - 2)
    answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [201] * 5 + [404, 409, 401] + [201] * 3
    assert answers[7].headers["www-authenticate"] == "Bearer"
    assert "account" in answers[7].json()["detail"]
    assert await api.rows(swipes) == len(listed)
    assert api.sample("petswipe_swipes_total", direction="like") == len(listed)


async def test_when_too_many_wait_the_next_is_told_at_once_and_may_try_again(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, swipes_waiting=1) as api:
        adopter, ids = await api.join(), await api.list_pets(5)
        async with nobody_writes_swipes(api) as held_up:
            asked = []
            for under_way in (1, 2):
                asked.append(swiping(adopter, ids[under_way]))
                await held_up(under_way)
            asked.append(swiping(adopter, ids[3]))
            await until(lambda: api.sample("petswipe_group_commit_queued") == 1)
            refused = await swiping(adopter, ids[0])
            assert refused.status_code == 503
            assert refused.headers["content-type"] == "application/problem+json"
            assert int(refused.headers["retry-after"]) >= 1
            assert refused.json()["request_id"] == refused.headers["x-request-id"]
            assert api.sample(SHED) == 1
        assert [answer.status_code for answer in await asyncio.gather(*asked)] == [201] * 3
        assert (await swiping(adopter, ids[0])).status_code == 201
        assert await api.rows(swipes) == 4
        assert api.sample(SHED) == 1


async def test_a_client_that_goes_away_stops_nobody_else(api: Api) -> None:
    adopter, ids = await api.join(), await api.list_pets(6)
    async with nobody_writes_swipes(api) as held_up:
        asked = [swiping(adopter, ids[0])]
        await held_up(1)
        asked.append(swiping(adopter, ids[1]))
        await held_up(2)
        asked += [swiping(adopter, pet) for pet in ids[2:]]
        await until(lambda: api.sample("petswipe_group_commit_queued") == len(ids) - 2)
        # One is under way, the other still waits.
        asked[0].cancel()
        asked[3].cancel()
    answers = await asyncio.gather(*asked, return_exceptions=True)
    stayed = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert [answer.status_code for answer in stayed] == [201] * 4
    # What had been sent is stored; who went before that is left out.
    found = (await adopter.client.get(ROUTE)).json()["items"]
    assert {swipe["pet_id"] for swipe in found} == {*ids} - {ids[3]}


async def test_a_session_that_has_ended_is_refused_at_once_although_its_token_is_known(
    api: Api, adopter: Account
) -> None:
    ids = await api.list_pets(2)
    assert (await swiping(adopter, ids[0])).status_code == 201
    assert (await adopter.client.post("/api/auth/logout")).status_code == 204
    refused = await swiping(adopter, ids[1])
    assert refused.status_code == 401
    assert refused.headers["content-type"] == "application/problem+json"
    assert await api.rows(swipes) == 1


async def test_the_same_swipe_twice_in_a_batch_is_stored_once(api: Api, adopter: Account) -> None:
    ids = await api.list_pets(3)
    async with nobody_writes_swipes(api) as held_up:
        asked = [swiping(adopter, ids[0])]
        await held_up(1)
        asked.append(swiping(adopter, ids[1]))
        await held_up(2)
        asked += [swiping(adopter, ids[2]) for _ in range(3)]
        await until(lambda: api.sample("petswipe_group_commit_queued") == 3)
    answers = await asyncio.gather(*asked)
    assert sorted(answer.status_code for answer in answers[2:]) == [200, 200, 201]
    assert len({answer.content for answer in answers[2:]}) == 1
    assert await api.rows(swipes) == 3


async def test_a_swipe_that_took_too_long_is_settled_by_a_retry(
    open_api: OpenApi, settings: Settings
) -> None:
    async with open_api(settings, request_deadline_seconds=0.5) as api:
        adopter, ids = await api.join(), await api.list_pets(3)
        async with nobody_writes_swipes(api):
            late = await asyncio.gather(*(swiping(adopter, pet) for pet in ids))
            assert [answer.status_code for answer in late] == [503] * 3
            assert {answer.headers["retry-after"] for answer in late} == {"1"}
        again = await asyncio.gather(*(swiping(adopter, pet) for pet in ids))
        assert {answer.status_code for answer in again} <= {200, 201}
        assert await api.rows(swipes) == 3


async def test_each_match_of_a_batch_is_told_as_part_of_its_own_request(api: Api) -> None:
    *first, third = await api.list_pets(3, auto_match=True)
    adopters = [await api.join() for _ in range(3)]
    traces = [uuid4().hex for _ in adopters]
    for adopter, trace in zip(adopters, traces, strict=True):
        adopter.client.headers["traceparent"] = f"00-{trace}-00f067aa0ba902b7-01"
    async with nobody_writes_swipes(api) as held_up:
        asked = []
        for under_way, pet in enumerate(first, 1):
            asked.append(swiping(adopters[0], pet))
            await held_up(under_way)
        asked += [swiping(adopter, third) for adopter in adopters]
        await until(lambda: api.sample("petswipe_group_commit_queued") == len(adopters))
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {201}
    async with api.held.engine.connect() as connection:
        events = (
            await connection.execute(select(outbox).where(outbox.c.kind.like("match%")))
        ).all()
    told = {row.user_id: row.traceparent.split("-")[1] for row in events}
    for adopter, trace in zip(adopters, traces, strict=True):
        assert told[adopter.id] == trace
