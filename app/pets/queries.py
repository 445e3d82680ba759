"""The SQL of pets: what is shown of them, and which of them a filter means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from app.auth import Role
from app.geo import nearby
from app.pets.schemas import Pet
from app.pets.tables import pets

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select

    from app.auth import Principal
    from app.pets.schemas import PetFilter

SHOWN = [pets.c[name] for name in Pet.model_fields]
there = pets.c.deleted_at.is_(None)
EXACTLY = ("pet_type", "gender", "size")


def page(after: UUID | None, limit: int, *conditions: ColumnElement[bool]) -> Select[object]:
    """Read a page of pets and one more, in the order of their ids."""
    statement = select(*SHOWN).where(*conditions).order_by(pets.c.id).limit(limit + 1)
    return statement if after is None else statement.where(pets.c.id > after)


def fits(wanted: PetFilter) -> list[ColumnElement[bool]]:
    """Translate a filter."""
    given = wanted.model_dump(include=set(EXACTLY), exclude_none=True)
    conditions: list[ColumnElement[bool]] = [pets.c[name] == given[name] for name in given]
    if wanted.breed is not None:
        conditions.append(func.lower(pets.c.breed) == wanted.breed.lower())
    if wanted.age_months_min is not None:
        conditions.append(pets.c.age_months >= wanted.age_months_min)
    if wanted.age_months_max is not None:
        conditions.append(pets.c.age_months <= wanted.age_months_max)
    place = (wanted.latitude, wanted.longitude, wanted.radius_km)
    if place[0] is not None and place[1] is not None and place[2] is not None:
        conditions.append(nearby(pets.c.latitude, pets.c.longitude, place[0], place[1], place[2]))
    return conditions


def managed(pet_id: UUID, caller: Principal) -> list[ColumnElement[bool]]:
    """Select a pet that the caller may change: his own, and any for an administrator."""
    mine = [] if caller.role is Role.ADMIN else [pets.c.owner_id == caller.user_id]
    return [pets.c.id == pet_id, there, *mine]
