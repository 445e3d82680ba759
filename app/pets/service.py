"""Listing and reading pets."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import insert, select

from app.errors import NotFound
from app.pets.schemas import NewPet, Pet, PetPage, PetType
from app.pets.tables import adoptable, pets

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.work import Work

SHOWN = [pets.c[name] for name in Pet.model_fields]


async def create_pet(work: Work, owner_id: UUID, new: NewPet) -> Pet:
    """List a pet for its owner."""
    statement = insert(pets).values(id=uuid4(), owner_id=owner_id, **new.model_dump())
    connection = await work.connection(alone=True)
    row = (await connection.execute(statement.returning(*SHOWN))).one()
    return Pet.model_validate(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it


async def read_pet(engine: AsyncEngine, pet_id: UUID) -> Pet:
    """Read one pet; raises NotFound when it was never there or is gone."""
    statement = select(*SHOWN).where(pets.c.id == pet_id, pets.c.deleted_at.is_(None))
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("There is no such pet.")
    return Pet.model_validate(row._mapping)  # noqa: SLF001  # SQLAlchemy's public name for it


async def list_pets(
    engine: AsyncEngine, pet_type: PetType | None, after: UUID | None, limit: int
) -> PetPage:
    """Read a page of adoptable pets in a stable order."""
    statement = select(*SHOWN).where(adoptable).order_by(pets.c.id).limit(limit + 1)
    if pet_type is not None:
        statement = statement.where(pets.c.pet_type == pet_type)
    if after is not None:
        statement = statement.where(pets.c.id > after)
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    items = [Pet.model_validate(row) for row in rows[:limit]]
    return PetPage(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)
