"""Listing, reading and changing pets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from app.audit.service import record
from app.errors import NotFound
from app.pets.cached import outdate, recall, remember
from app.pets.queries import SHOWN, fits, managed, page, there
from app.pets.schemas import NewPet, Pet, PetChange, PetFilter, PetPage
from app.pets.tables import adoptable, pets

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.auth import Principal
    from app.telemetry.instruments import ApiInstruments
    from app.work import Work

GONE = "There is no such pet."


async def create_pet(work: Work, owner_id: UUID, new: NewPet) -> Pet:
    """List a pet for its owner."""
    statement = insert(pets).values(id=uuid4(), owner_id=owner_id, **new.model_dump())
    connection = await work.connection()
    row = (await connection.execute(statement.returning(*SHOWN))).mappings().one()
    await record(work, owner_id, "pet.create", "pet", row["id"])
    work.afterwards(work.instruments.pets_listed[row["pet_type"]].inc)
    return Pet.model_validate(row)


async def read_pet(
    engine: AsyncEngine, cache: Redis, instruments: ApiInstruments, pet_id: UUID
) -> Pet:
    """Read one pet; raises NotFound when it was never there or is gone."""
    cached = await recall(cache, instruments, pet_id)
    if cached is not None:
        return cached
    statement = select(*SHOWN).where(pets.c.id == pet_id, there)
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    pet = Pet.model_validate(row)
    await remember(cache, pet)
    return pet


async def change_pet(
    work: Work, cache: Redis, caller: Principal, pet_id: UUID, change: PetChange
) -> Pet:
    """Change a pet; raises NotFound when it is not the caller's, or gone."""
    # Nothing given is no change, and an update needs one.
    values = change.model_dump(exclude_none=True) or {"id": pets.c.id}
    statement = update(pets).where(*managed(pet_id, caller)).values(values).returning(*SHOWN)
    connection = await work.connection()
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(GONE)
    await record(work, caller.user_id, "pet.change", "pet", pet_id)
    work.afterwards(partial(outdate, cache, pet_id))
    return Pet.model_validate(row)


async def delete_pet(work: Work, cache: Redis, caller: Principal, pet_id: UUID) -> None:
    """Take a pet off the list for good; raises NotFound when it is not the caller's, or gone.

    The row stays: matches and swipes refer to it.
    """
    statement = (
        update(pets)
        .where(*managed(pet_id, caller))
        .values(deleted_at=func.now(), is_available=False)
        .returning(pets.c.id)
    )
    connection = await work.connection()
    if await connection.scalar(statement) is None:
        raise NotFound(GONE)
    await record(work, caller.user_id, "pet.delete", "pet", pet_id)
    work.afterwards(partial(outdate, cache, pet_id))


async def check_managed(work: Work, caller: Principal, pet_id: UUID) -> None:
    """Raise NotFound unless the caller may change this pet."""
    connection = await work.connection()
    if await connection.scalar(select(pets.c.id).where(*managed(pet_id, caller))) is None:
        raise NotFound(GONE)


async def set_photo(work: Work, cache: Redis, caller: Principal, pet_id: UUID, url: str) -> None:
    """Give a pet its photo; raises NotFound when it is not the caller's, or gone."""
    statement = update(pets).where(*managed(pet_id, caller)).values(photo_url=url)
    connection = await work.connection()
    if await connection.scalar(statement.returning(pets.c.id)) is None:
        raise NotFound(GONE)
    await record(work, caller.user_id, "pet.change", "pet", pet_id)
    work.afterwards(partial(outdate, cache, pet_id))


async def list_pets(engine: AsyncEngine, wanted: PetFilter) -> PetPage:
    """Read a page of the adoptable pets that fit, in a stable order."""
    return await _read(
        engine, page(wanted.cursor, wanted.limit, adoptable, *fits(wanted)), wanted.limit
    )


async def list_own(engine: AsyncEngine, owner_id: UUID, after: UUID | None, limit: int) -> PetPage:
    """Read a page of an owner's pets, those that are not available too."""
    return await _read(engine, page(after, limit, pets.c.owner_id == owner_id, there), limit)


async def _read(engine: AsyncEngine, statement: Select[object], limit: int) -> PetPage:
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    items = [Pet.model_validate(row) for row in rows[:limit]]
    return PetPage(items=items, next_cursor=items[-1].id if len(rows) > limit else None)
