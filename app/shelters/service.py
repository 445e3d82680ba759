"""Shelters near a point, and a shelter's own profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.tables import users
from app.audit.service import record
from app.geo import distance_km, nearby
from app.pets.tables import adoptable, pets
from app.shelters.schemas import NearbyShelter, Shelter, ShelterProfile
from app.shelters.tables import shelters

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.work import Work

SHOWN = (
    shelters.c.user_id.label("id"),
    *(column for column in shelters.c if column.name in Shelter.model_fields),
)


async def list_nearby(
    engine: AsyncEngine, latitude: float, longitude: float, radius_km: float, limit: int
) -> list[NearbyShelter]:
    """Read the shelters within a radius, the nearest first, with the pets that each has to give."""
    statement = _nearest(latitude, longitude, radius_km, limit)
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return [NearbyShelter.model_validate(row) for row in rows]


async def write_profile(work: Work, user_id: UUID, profile: ShelterProfile) -> Shelter:
    """Store where a shelter is and how to reach it."""
    values = profile.model_dump()
    statement = (
        insert(shelters)
        .values(user_id=user_id, **values)
        .on_conflict_do_update(index_elements=["user_id"], set_=values)
        .returning(*SHOWN)
    )
    connection = await work.connection()
    row = (await connection.execute(statement)).mappings().one()
    await record(work, user_id, "shelter.update", "shelter", user_id)
    return Shelter.model_validate(row)


def _nearest(
    latitude: float, longitude: float, radius_km: float, limit: int
) -> Select[tuple[object, ...]]:
    place = (shelters.c.latitude, shelters.c.longitude)
    away = distance_km(*place, latitude, longitude).label("distance_km")
    # Limited first, so that only what is shown is counted.
    found = (
        select(*SHOWN, away)
        .join(users, users.c.id == shelters.c.user_id)
        .where(nearby(*place, latitude, longitude, radius_km), users.c.is_active)
        .where(users.c.deleted_at.is_(None))
        .order_by(away, shelters.c.user_id)
        .limit(limit)
        .subquery()
    )
    counted = select(func.count()).where(pets.c.owner_id == found.c.id, adoptable)
    return select(found, counted.scalar_subquery().label("available_pets")).order_by(
        found.c.distance_km, found.c.id
    )
