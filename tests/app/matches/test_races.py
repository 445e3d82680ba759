"""Both sides of a match at once, however it falls out."""

from __future__ import annotations

from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import anyio
import pytest
from sqlalchemy import func, insert, select

from app.accounts.tables import users
from app.auth import Principal, Role
from app.matches.tables import interests, matches
from app.outbox.tables import outbox
from app.pets.tables import pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    import httpx

    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi

    Call = Callable[[], Awaitable[httpx.Response]]

pytestmark = pytest.mark.anyio

RACES = 1000
AT_ONCE = 20
UNDOS = 60
SWIPES = 200
# Two processors for everything: what waits long enough still counts.
PATIENT = {
    "request_deadline_seconds": 60,
    "database_timeout_seconds": 60,
    "cache_timeout_seconds": 5,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """An owner with pets, and adopters who know of them."""

    api: Api
    owner_id: UUID
    owner: httpx.AsyncClient
    adopters: dict[UUID, httpx.AsyncClient]
    pet_ids: list[UUID]

    async def like(self, user_id: UUID, pet_id: UUID) -> httpx.Response:
        body = {"pet_id": str(pet_id), "liked": True}
        return await self.adopters[user_id].post("/api/swipes", json=body)

    async def undo(self, user_id: UUID) -> httpx.Response:
        return await self.adopters[user_id].delete("/api/swipes/last")

    async def answer(
        self, user_id: UUID, pet_id: UUID, *, interested: bool = True
    ) -> httpx.Response:
        path = f"/api/pets/{pet_id}/admirers/{user_id}"
        return await self.owner.put(path, json={"interested": interested})

    async def change(self, match_id: str, status: str) -> httpx.Response:
        return await self.owner.patch(f"/api/matches/{match_id}", json={"status": status})

    async def pairs(self, statement: Any) -> set[tuple[Any, ...]]:
        async with self.api.held.engine.connect() as connection:
            rows = [tuple(row) for row in await connection.execute(statement)]
        assert len(set(rows)) == len(rows)
        return set(rows)


@asynccontextmanager
async def set_stage(api: Api, adopters: int, pet_count: int, **given: Any) -> AsyncIterator[Stage]:
    """Put people and pets straight into the tables: the API would hash a password for each."""
    owner_id, *user_ids = [uuid4() for _ in range(adopters + 1)]
    pet_ids = [uuid4() for _ in range(pet_count)]
    async with api.held.engine.connect() as connection:
        person = {"password_hash": "!", "display_name": "Someone"}
        await connection.execute(
            insert(users),
            [
                {
                    **person,
                    "id": user_id,
                    "email": f"{user_id}@people.petswipe.example",
                    "role": Role.SHELTER if user_id == owner_id else Role.USER,
                }
                for user_id in (owner_id, *user_ids)
            ],
        )
        pet = {
            "owner_id": owner_id,
            "name": "Rex",
            "pet_type": "dog",
            "breed": "Boxer",
            "age_months": 12,
            "gender": "male",
            "size": "large",
            "latitude": 30.0,
            "longitude": -97.0,
            "description": "",
            **given,
        }
        await connection.execute(insert(pets), [{**pet, "id": pet_id} for pet_id in pet_ids])
    async with AsyncExitStack() as stack:

        async def client(user_id: UUID, role: Role) -> httpx.AsyncClient:
            token = await api.token(Principal(user_id, role, uuid4()))
            return await stack.enter_async_context(api.with_token(token))

        owner = await client(owner_id, Role.SHELTER)
        clients = {user_id: await client(user_id, Role.USER) for user_id in user_ids}
        yield Stage(api, owner_id, owner, clients, pet_ids)


async def together(*calls: Call) -> list[httpx.Response]:
    """Make all calls at once and return the answers in the order of the calls."""
    answers: dict[int, httpx.Response] = {}

    async def make(number: int, call: Call) -> None:
        answers[number] = await call()

    async with anyio.create_task_group() as tasks:
        for number, call in enumerate(calls):
            tasks.start_soon(make, number, call)
    return [answers[number] for number in range(len(calls))]


async def test_a_thousand_races_of_mutual_interest_make_a_thousand_matches(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, **PATIENT) as api, set_stage(api, AT_ONCE, RACES) as stage:
        user_ids = list(stage.adopters)
        second: Counter[str] = Counter()
        for start in range(0, RACES, AT_ONCE):
            calls: list[Call] = []
            races = list(zip(user_ids, stage.pet_ids[start : start + AT_ONCE], strict=True))
            for number, (user_id, pet_id) in enumerate(races):
                both = [
                    partial(stage.like, user_id, pet_id),
                    partial(stage.answer, user_id, pet_id),
                ]
                calls += both if number % 2 else both[::-1]
            answers = await together(*calls)
            for answer in answers:
                second[f"{answer.request.method} {answer.status_code}"] += 1
        assert second == {"POST 201": RACES, "PUT 200": RACES}
        assert await api.rows(swipes) == await api.rows(matches) == RACES
        assert api.sample("petswipe_matches_total") == RACES
        told = select(outbox.c.user_id, outbox.c.payload["match_id"].astext)
        adopter_of = select(matches.c.user_id, func.text(matches.c.id))
        owner_of = select(pets.c.owner_id, func.text(matches.c.id)).join_from(
            matches, pets, pets.c.id == matches.c.pet_id
        )
        events = await stage.pairs(told)
        assert len(events) == 2 * RACES
        assert events == await stage.pairs(adopter_of) | await stage.pairs(owner_of)


async def test_two_hundred_identical_swipes_at_once_make_one_of_everything(
    settings: Settings, open_api: OpenApi
) -> None:
    async with (
        open_api(settings, **PATIENT) as api,
        set_stage(api, 1, 1, auto_match=True) as stage,
    ):
        (user_id,), (pet_id,) = stage.adopters, stage.pet_ids
        answers = await together(*[partial(stage.like, user_id, pet_id)] * SWIPES)
        statuses = Counter(answer.status_code for answer in answers)
        assert statuses == {201: 1, 200: SWIPES - 1}
        assert len({answer.content for answer in answers}) == 1
        assert await api.rows(swipes) == await api.rows(matches) == 1
        assert await api.rows(interests) == 1
        assert await api.rows(outbox) == 2
        assert api.sample("petswipe_matches_total") == 1


async def test_an_undo_that_races_the_owners_interest_leaves_no_match_without_its_swipe(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, **PATIENT) as api, set_stage(api, AT_ONCE, UNDOS) as stage:
        outcomes: Counter[tuple[int, bool]] = Counter()
        user_ids = list(stage.adopters)
        for start in range(0, UNDOS, AT_ONCE):
            races = list(zip(user_ids, stage.pet_ids[start : start + AT_ONCE], strict=True))
            liked = await together(*[partial(stage.like, *race) for race in races])
            assert {answer.status_code for answer in liked} == {201}
            calls: list[Call] = []
            for number, (user_id, pet_id) in enumerate(races):
                both = [
                    partial(stage.undo, user_id),
                    partial(stage.answer, user_id, pet_id),
                ]
                calls += both if number % 2 else both[::-1]
            answers = await together(*calls)
            for number in range(AT_ONCE):
                pair = answers[2 * number : 2 * number + 2]
                undone, answered = pair if number % 2 else pair[::-1]
                assert answered.status_code == 200
                outcomes[undone.status_code, answered.json()["match_id"] is not None] += 1
        # Undone and no match, or a match and no undo.
        assert set(outcomes) <= {(204, False), (409, True)}
        assert outcomes.total() == UNDOS
        made = select(matches.c.user_id, matches.c.pet_id)
        matched = await stage.pairs(made)
        assert matched == await stage.pairs(select(swipes.c.user_id, swipes.c.pet_id))
        assert len(matched) == outcomes[409, True]
        noted = select(interests.c.user_id, interests.c.pet_id)
        assert await stage.pairs(noted.where(interests.c.liked_at.is_not(None))) == matched
        # A like that comes later finds the owner's interest.
        for user_id, pet_id in await stage.pairs(noted.where(interests.c.liked_at.is_(None))):
            assert (await stage.like(user_id, pet_id)).json()["match_id"] is not None


async def test_two_undos_at_once_take_two_swipes_back(
    settings: Settings, open_api: OpenApi
) -> None:
    async with open_api(settings, **PATIENT) as api, set_stage(api, 1, 3) as stage:
        (user_id,) = stage.adopters
        for pet_id in stage.pet_ids:
            await stage.like(user_id, pet_id)
        answers = await together(*[partial(stage.undo, user_id)] * 2)
        assert [answer.status_code for answer in answers] == [204, 204]
        left = select(swipes.c.pet_id)
        assert await stage.pairs(left) == {(stage.pet_ids[0],)}


async def test_two_adopters_of_one_pet_cannot_both_take_it_home(
    settings: Settings, open_api: OpenApi
) -> None:
    async with (
        open_api(settings, **PATIENT) as api,
        set_stage(api, 4, 5, auto_match=True) as stage,
    ):
        for pet_id in stage.pet_ids:
            ids = [(await stage.like(user, pet_id)).json()["match_id"] for user in stage.adopters]
            for match_id in ids:
                await stage.change(match_id, "accepted")
            answers = await together(*[partial(stage.change, m, "completed") for m in ids])
            statuses = sorted(answer.status_code for answer in answers)
            assert statuses == [200, 409, 409, 409]
        found = await stage.pairs(select(matches.c.status, func.count()).group_by(matches.c.status))
        assert found == {("completed", 5), ("declined", 15)}
