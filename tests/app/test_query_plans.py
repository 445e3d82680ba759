"""At 100 000 pets and 1 000 000 swipes no route reads a whole table; long, so `make prove` asks."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import event

from app.auth import Principal, Role
from app.database import create_engine
from app.migrations.runner import migrate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.settings import Settings
    from tests.app.conftest import Api, OpenApi, Servers

pytestmark = [pytest.mark.anyio, pytest.mark.prove, pytest.mark.timeout(600)]

LARGE = {"pets", "swipes", "matches", "interests"}
SHELTERS = 200
ADOPTERS = 10_000
PETS = 100_000
SWIPES_EACH = 100
# Who swipes all day, and the pet that everybody likes.
KEEN_SWIPES = 20_000
ADMIRERS = 5_000

# No checks of foreign keys, which take longer than everything else: the rows refer to what is
# there by construction.
FILL = f"""
SET session_replication_role = replica;
CREATE FUNCTION person(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT md5('person ' || n)::uuid $$;
CREATE FUNCTION pet(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT md5('pet ' || n)::uuid $$;
INSERT INTO users (id, email, password_hash, display_name, role)
    SELECT person(n), n || '@people.petswipe.example', '!', 'Person ' || n,
        CASE WHEN n < {SHELTERS} THEN 'shelter' ELSE 'user' END
    FROM generate_series(0, {SHELTERS + ADOPTERS - 1}) n;
INSERT INTO pets (id, owner_id, name, pet_type, breed, age_months, gender, size, latitude,
        longitude, description, is_available)
    SELECT pet(n), person(n % {SHELTERS}), 'Pet ' || n,
        (ARRAY['dog', 'dog', 'cat', 'cat', 'rabbit', 'guinea_pig', 'bird'])[1 + n % 7],
        'Mix', n % 180, 'female', (ARRAY['small', 'medium', 'large', 'extra_large'])[1 + n % 4],
        25 + (n % {SHELTERS}) * 0.1 + random() * 0.2,
        -120 + ((n * 37) % {SHELTERS}) * 0.2 + random() * 0.2,
        repeat('calm ', 40), random() < 0.9
    FROM generate_series(0, {PETS - 1}) n;
INSERT INTO swipes (id, user_id, pet_id, liked, notes, created_at)
    SELECT gen_random_uuid(), person({SHELTERS} + u), pet((u * 7919 + k * 997) % {PETS}),
        (u + k / 2) % 2 = 0, NULL, now() - random() * interval '300 days'
    FROM generate_series(0, {ADOPTERS - 1}) u, generate_series(0, {SWIPES_EACH - 1}) k;
INSERT INTO swipes (id, user_id, pet_id, liked, notes, created_at)
    SELECT gen_random_uuid(), person({SHELTERS}), pet(n), n % 5 = 0, NULL,
        now() - random() * interval '30 days'
    FROM generate_series(0, {KEEN_SWIPES - 1}) n
    ON CONFLICT DO NOTHING;
INSERT INTO swipes (id, user_id, pet_id, liked, notes, created_at)
    SELECT gen_random_uuid(), person({SHELTERS} + u), pet(0), true, 'What a pet',
        now() - random() * interval '30 days'
    FROM generate_series(0, {ADMIRERS - 1}) u
    ON CONFLICT DO NOTHING;
INSERT INTO interests (user_id, pet_id, liked_at, answered_at, interested)
    SELECT user_id, pet_id, created_at, CASE WHEN answered THEN now() END,
        CASE WHEN answered THEN yes END
    FROM (
        SELECT *, random() < 0.3 AS answered, random() < 0.5 AS yes FROM swipes WHERE liked
    ) likes;
INSERT INTO matches (id, user_id, pet_id, status, matched_at)
    SELECT gen_random_uuid(), user_id, pet_id,
        (ARRAY['pending', 'accepted', 'completed', 'declined'])[1 + floor(random() * 4)::int],
        liked_at
    FROM interests WHERE interested;
"""  # noqa: S608  # the numbers are our own


def identify(kind: str, number: int) -> UUID:
    """Compute the id that the database has given."""
    return UUID(hashlib.md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest())


ADOPTER = identify("person", SHELTERS + 7)
KEEN_ADOPTER = identify("person", SHELTERS)
SHELTER = identify("person", 3)
FAMOUS_OWNER = identify("person", 0)
FAMOUS_PET = identify("pet", 0)


async def fill(settings: Settings) -> None:
    engine = create_engine(settings)
    await migrate(engine)
    await engine.dispose()
    address = settings.database_url.unicode_string().replace("+asyncpg", "")
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(FILL)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def large(servers: Servers, settings_for: Callable[..., Settings]) -> Iterator[Settings]:
    """A database of its own, built once."""
    name = f"large_{uuid4().hex}"
    address = servers.database_url.replace("+asyncpg", "")

    async def run(statement: str) -> None:
        connection = await asyncpg.connect(address)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run(f"CREATE DATABASE {name}"))
    settings = settings_for(f"{servers.database_url.rpartition('/')[0]}/{name}", servers.cache_url)
    asyncio.run(fill(settings))
    yield settings
    asyncio.run(run(f"DROP DATABASE {name} WITH (FORCE)"))


@contextmanager
def recorded(api: Api) -> Iterator[list[tuple[str, Any]]]:
    """Note the statements of a block with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, __: object, statement: str, parameters: Any, *___: object) -> None:
        seen.append((statement, parameters))

    engine = api.held.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from nodes(child)


async def explain(api: Api, statement: str, parameters: Any) -> dict[str, Any]:
    async with api.held.engine.connect() as connection:
        found = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        document = found.scalar_one()
    (top,) = json.loads(document) if isinstance(document, str) else document
    plan: dict[str, Any] = top["Plan"]
    return plan


# The place of every two hundredth pet.
NEAR: dict[str, object] = {"latitude": 30.2, "longitude": -102.5, "radius_km": 50}
# Who asks for what, with which preferences, and an index that must serve it.
READS: dict[str, tuple[UUID, str, dict[str, object], str]] = {
    "a deck of anything": (ADOPTER, "/api/deck", {}, "ix_pets_deck"),
    "a deck of a keen adopter": (KEEN_ADOPTER, "/api/deck", {}, "ix_pets_deck"),
    "a deck of one type": (
        ADOPTER,
        "/api/deck",
        {"pet_type": "rabbit"},
        "ix_pets_deck_by_type",
    ),
    "a deck of small young dogs": (
        ADOPTER,
        "/api/deck",
        {"pet_type": "dog", "size": "small", "age_months_max": 12},
        "ix_pets_deck_by_type",
    ),
    "a deck of a place": (ADOPTER, "/api/deck", NEAR, "ix_pets_location"),
    "a deck of a wide place": (
        KEEN_ADOPTER,
        "/api/deck",
        {**NEAR, "radius_km": 500},
        "ix_pets_location",
    ),
    "admirers": (
        SHELTER,
        f"/api/pets/{identify('pet', 3)}/admirers",
        {},
        "ix_interests_pet_id_liked_at",
    ),
    "admirers of a famous pet": (
        FAMOUS_OWNER,
        f"/api/pets/{FAMOUS_PET}/admirers",
        {},
        "ix_interests_pet_id_liked_at",
    ),
    "matches": (ADOPTER, "/api/matches", {}, "ix_matches_user_id_matched_at"),
    "accepted matches of a keen adopter": (
        KEEN_ADOPTER,
        "/api/matches?status=accepted",
        {},
        "ix_matches_user_id_matched_at",
    ),
    "matches of a shelter's pets": (SHELTER, "/api/matches?as=owner", {}, "ix_matches_pet_id"),
    "open matches of a shelter's pets": (
        FAMOUS_OWNER,
        "/api/matches?as=owner&status=pending",
        {},
        "ix_matches_pet_id",
    ),
    "swipes": (ADOPTER, "/api/swipes", {}, "ix_swipes_user_id_created_at"),
    "likes of a keen adopter": (
        KEEN_ADOPTER,
        "/api/swipes?liked=true",
        {},
        "ix_swipes_user_id_created_at",
    ),
    "pets": (ADOPTER, "/api/pets", {}, "ix_pets_available"),
    "pets nearby": (
        ADOPTER,
        "/api/pets?latitude=30.2&longitude=-102.5&radius_km=50",
        {},
        "ix_pets_location",
    ),
}


@pytest.mark.parametrize("what", READS)
async def test_no_large_table_is_read_as_a_whole(
    large: Settings, open_api: OpenApi, what: str
) -> None:
    user_id, path, wanted, index = READS[what]
    async with open_api(large) as api:
        await api.held.cache.flushdb()
        who = api.with_token(await api.token(Principal(user_id, Role.USER, uuid4())))
        answer = await who.put("/api/users/me/preferences", json=wanted)
        assert answer.status_code == 200, answer.text
        with recorded(api) as seen:
            answer = await who.get(path)
        assert answer.status_code == 200, answer.text
        assert answer.json()["items"], "there must be something to find"
        plans = [await explain(api, *each) for each in seen]
    every = [node for plan in plans for node in nodes(plan)]
    whole = {node["Relation Name"] for node in every if node["Node Type"] == "Seq Scan"}
    assert not whole & LARGE, json.dumps(plans, indent=1)
    assert index in {node.get("Index Name") for node in every}, json.dumps(plans, indent=1)
