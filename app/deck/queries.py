"""The SQL of a deck: what an adopter wants, and a draw of it from a random place on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Double, literal, select, union_all

from app.accounts.tables import preferences
from app.geo import nearby
from app.pets.schemas import Card
from app.pets.tables import adoptable, pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement, CompoundSelect, RowMapping, Select

CARD = [pets.c[name] for name in Card.model_fields]


def wishes(user_id: UUID) -> Select[tuple[object, ...]]:
    """Read what an adopter looks for; no row means anything, anywhere."""
    return select(preferences).where(preferences.c.user_id == user_id)


def fitting(wish: RowMapping) -> list[ColumnElement[bool]]:
    """Select the pets that somebody looks for."""
    conditions: list[ColumnElement[bool]] = []
    if wish["pet_type"] is not None:
        conditions.append(pets.c.pet_type == wish["pet_type"])
    if wish["size"] is not None:
        conditions.append(pets.c.size == wish["size"])
    if wish["age_months_min"] is not None:
        conditions.append(pets.c.age_months >= wish["age_months_min"])
    if wish["age_months_max"] is not None:
        conditions.append(pets.c.age_months <= wish["age_months_max"])
    if wish["latitude"] is not None:
        place = (wish["latitude"], wish["longitude"], wish["radius_km"])
        conditions.append(nearby(pets.c.latitude, pets.c.longitude, *place))
    return conditions


def draw(
    user_id: UUID, conditions: list[ColumnElement[bool]], start: float, size: int
) -> CompoundSelect[tuple[object, ...]]:
    """Read adoptable pets of others that an adopter has not swiped, from a random place on.

    The pets have a random order; who comes to its end goes on at its beginning.
    """
    seen = select(swipes.c.pet_id).where(swipes.c.user_id == user_id, swipes.c.pet_id == pets.c.id)
    unseen = (
        select(*CARD)
        .where(adoptable, pets.c.owner_id != user_id, ~seen.exists(), *conditions)
        .order_by(pets.c.shuffle)
        .limit(size)
    )
    place = literal(start, Double)
    # The limit around both keeps PostgreSQL from reading the second when the first suffices.
    return union_all(
        unseen.where(pets.c.shuffle >= place), unseen.where(pets.c.shuffle < place)
    ).limit(size)
