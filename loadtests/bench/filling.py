"""Databases as an application leaves them after so many swipes: same pets and adopters, by size.

Rows are stored in the order of time, one after the other, into indexes that are there already, with
ids of that time: tables and indexes are as full, and as scattered, as those of the application.
Only the foreign keys are not checked again, and nobody waits for a disk between two rows.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import asyncpg

# Decisions of each adopter, by pets modulo adopters, that are left for the measurement.
LEFT = 20
# No checkpoint and no vacuum falls into a measurement.
STEADY = """
ALTER SYSTEM SET autovacuum = off;
ALTER SYSTEM SET checkpoint_timeout = '1h';
ALTER SYSTEM SET max_wal_size = '32GB'
"""
COPY_PETS = """
INSERT INTO pets (id, owner_id, name, pet_type, breed, age_months, gender, size, latitude,
                  longitude, description, photo_url, auto_match)
SELECT gen_random_uuid(), owner_id, name, pet_type, breed, age_months, gender, size, latitude,
       longitude, description, photo_url, auto_match
FROM pets, generate_series(1, $1::bigint / (SELECT count(*) FROM pets)) LIMIT $2
"""
NUMBERED = """
CREATE TEMP TABLE who AS SELECT row_number() OVER (ORDER BY email) - 1 AS k, id
FROM users WHERE role = 'user';
CREATE TEMP TABLE what AS SELECT row_number() OVER (ORDER BY shuffle, id) - 1 AS k, id FROM pets;
CREATE UNIQUE INDEX ON who (k);
CREATE UNIQUE INDEX ON what (k);
ANALYZE who;
ANALYZE what
"""
# Adopter a never decides about pets whose number is up to $2 above that of a, modulo the number
# of adopters: those are left for the measurement. All others are spread over the whole catalogue.
SWIPES = """
INSERT INTO swipes (id, user_id, pet_id, liked, created_at)
SELECT uuidv7(($1 - n) * interval '-1 second'), who.id, what.id, random() < 0.5,
       now() - ($1 - n) * interval '1 second'
FROM (SELECT n, n * 7919 % adopters AS a, n / adopters AS i, adopters, pets,
             adopters - $2 AS free, pets / adopters / ($1 / adopters / (adopters - $2) + 1) AS wide
      FROM generate_series(0::bigint, $1 - 1) AS n,
           (SELECT count(*) AS adopters FROM who) AS w, (SELECT count(*) AS pets FROM what) AS p
     ) AS given
JOIN who ON who.k = a
JOIN what ON what.k = (a + $2 + i % free + adopters * (i / free * wide + (i * 7 + a) % wide)) % pets
ORDER BY n
"""
LATER = """
INSERT INTO interests (user_id, pet_id, liked_at, answered_at, interested)
SELECT user_id, pet_id, s.created_at, CASE WHEN auto_match THEN s.created_at END,
       CASE WHEN auto_match THEN true END
FROM swipes AS s JOIN pets ON pets.id = pet_id WHERE liked ORDER BY s.created_at;
INSERT INTO matches (id, user_id, pet_id, status, matched_at, status_changed_at)
SELECT gen_random_uuid(), user_id, pet_id, 'pending', liked_at, liked_at
FROM interests WHERE interested ORDER BY liked_at;
INSERT INTO outbox (user_id, kind, payload, created_at, due_at, delivered_at)
SELECT told, 'match.created',
       jsonb_build_object('match_id', m.id, 'pet_id', pet_id, 'pet_name', pets.name),
       matched_at, matched_at, matched_at
FROM matches AS m JOIN pets ON pets.id = pet_id, LATERAL (VALUES (user_id), (owner_id)) AS t (told)
ORDER BY matched_at
"""


@dataclass(frozen=True, slots=True)
class Filled:
    """A database with so many swipes in it."""

    swipes: int
    address: str
    # Of swipes, interests, matches and the outbox with all their indexes.
    megabytes: float


def prepare_base(address: str, pets: int) -> list[str]:
    """Grow the catalogue to so many pets, by copies, and keep PostgreSQL from tidying up.

    Returns the ids of pets in the order in which adopters may swipe them: adopter n, by e-mail
    address, those `LEFT` from the nth on.
    """
    return asyncio.run(_prepare_base(_plain(address), pets))


def fill(address: str, swipes: int) -> Filled:
    """Make a database with so many swipes out of the one at the address.

    Nobody may be connected to that one.
    """
    return asyncio.run(_fill(address, swipes))


async def _prepare_base(address: str, pets: int) -> list[str]:
    connection = await asyncpg.connect(address)
    try:
        for setting in STEADY.split(";"):
            await connection.execute(setting)
        await connection.execute("SELECT pg_reload_conf()")
        missing = pets - await connection.fetchval("SELECT count(*) FROM pets")
        await connection.execute(COPY_PETS, pets, missing)
        await connection.execute("VACUUM ANALYZE")
        rows = await connection.fetch("SELECT id FROM pets ORDER BY shuffle, id")
        return [str(row["id"]) for row in rows]
    finally:
        await connection.close()


async def _fill(address: str, size: int) -> Filled:
    plain = _plain(address)
    server, _, base = plain.rpartition("/")
    name = f"swipes_{size}"
    connection = await asyncpg.connect(f"{server}/template1")
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {base}")
    finally:
        await connection.close()
    connection = await asyncpg.connect(f"{server}/{name}")
    try:
        # The rows are right by construction.
        await connection.execute("SET session_replication_role = replica")
        await connection.execute(NUMBERED)
        await connection.execute(SWIPES, size, LEFT)
        await connection.execute(LATER)
        await connection.execute("DROP TABLE who, what")
        await connection.execute("VACUUM ANALYZE")
        found = await connection.fetchval(
            "SELECT sum(pg_total_relation_size(t::regclass)) / 1e6 "
            "FROM unnest(ARRAY['swipes', 'interests', 'matches', 'outbox']) AS t"
        )
    finally:
        await connection.close()
    return Filled(size, f"{address.rpartition('/')[0]}/{name}", float(found))


def _plain(address: str) -> str:
    """Return an address as PostgreSQL's own tools write it."""
    return address.replace("+asyncpg", "", 1)
