"""Load the demo catalogue and adopters into the database."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, uuid5

from sqlalchemy.dialects.postgresql import insert

from app.accounts.tables import users
from app.auth import Role, hash_password
from app.database import transactional
from app.pets.tables import pets
from app.seed.adopters import adopter_email
from app.shelters.tables import shelters

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.seed.catalogue import Catalogue

ADOPTERS = uuid5(NAMESPACE_DNS, "adopters.petswipe.example")
# PostgreSQL takes at most 32 767 parameters a statement; a pet has 13.
ROWS_AT_ONCE = 1000
RENAMED = {"shelter_id": "owner_id"}


async def load(
    engine: AsyncEngine, catalogue: Catalogue, adopters: int, password: str, rounds: int
) -> None:
    """Store shelters, their pets and the adopters in one transaction; what is there stays.

    All demo accounts share one password, hashed once: hashing it for each of 200 adopters would
    take 40 s of CPU and make the demo no more real.
    """
    hashed = hash_password(password, rounds)
    async with transactional(engine).begin() as connection:
        await _insert(connection, users, _shelters(catalogue, hashed))
        await _insert(connection, shelters, _profiles(catalogue))
        await _insert(connection, pets, _pets(catalogue))
        await _insert(connection, users, _adopters(adopters, hashed))


async def _insert(
    connection: AsyncConnection, table: Table, rows: Iterator[dict[str, object]]
) -> None:
    pending = list(rows)
    for start in range(0, len(pending), ROWS_AT_ONCE):
        chunk = pending[start : start + ROWS_AT_ONCE]
        await connection.execute(insert(table).values(chunk).on_conflict_do_nothing())


def _shelters(catalogue: Catalogue, hashed: str) -> Iterator[dict[str, object]]:
    for shelter in catalogue.shelters:
        yield {
            "id": shelter.id,
            "email": shelter.email,
            "password_hash": hashed,
            "display_name": shelter.name,
            "role": Role.SHELTER,
        }


def _profiles(catalogue: Catalogue) -> Iterator[dict[str, object]]:
    for shelter in catalogue.shelters:
        yield {
            "user_id": shelter.id,
            "name": shelter.name,
            "city": f"{shelter.city}, {shelter.state}",
            "latitude": shelter.latitude,
            "longitude": shelter.longitude,
        }


def _pets(catalogue: Catalogue) -> Iterator[dict[str, object]]:
    for pet in catalogue.pets:
        yield {RENAMED.get(name, name): value for name, value in asdict(pet).items()}


def _adopters(count: int, hashed: str) -> Iterator[dict[str, object]]:
    for number in range(count):
        yield {
            "id": uuid5(ADOPTERS, str(number)),
            "email": adopter_email(number),
            "password_hash": hashed,
            "display_name": f"Adopter {number}",
            "role": Role.USER,
        }
