"""Who likes a pet, for its owner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.accounts.service import in_use
from app.accounts.tables import users
from app.cursors import behind, write_cursor
from app.errors import NotFound
from app.matches.interests import theirs
from app.matches.tables import interests
from app.pets.tables import pets
from app.swipes.schemas import Admirer, AdmirerPage
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import Select
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.auth import Principal


async def list_admirers(
    engine: AsyncEngine,
    caller: Principal,
    pet_id: UUID,
    answered: bool,
    cursor: str | None,
    limit: int,
) -> AdmirerPage:
    """Read a page of those who like a pet and have an answer, or none yet.

    Raises NotFound unless the pet is the caller's or the caller is an admin.
    """
    pet = select(pets.c.id).where(pets.c.id == pet_id, pets.c.deleted_at.is_(None), theirs(caller))
    statement = _admirers(pet_id, answered)
    if cursor is not None:
        statement = statement.where(behind(cursor, interests.c.liked_at, interests.c.user_id))
    async with engine.connect() as connection:
        if await connection.scalar(pet) is None:
            raise NotFound("There is no such pet.")
        rows = (await connection.execute(statement.limit(limit + 1))).mappings().all()
    items = [Admirer.model_validate(row) for row in rows[:limit]]
    more = write_cursor(items[-1].liked_at, items[-1].user_id) if rows[limit:] else None
    return AdmirerPage(items=items, next_cursor=more)


def _admirers(pet_id: UUID, answered: bool) -> Select[tuple[object, ...]]:
    swiped = (swipes.c.user_id == interests.c.user_id) & (swipes.c.pet_id == interests.c.pet_id)
    answer = interests.c.interested
    return (
        select(
            interests.c.user_id,
            users.c.display_name,
            users.c.avatar_url,
            interests.c.liked_at,
            swipes.c.notes,
            answer,
        )
        .join_from(interests, users, users.c.id == interests.c.user_id)
        .join(swipes, swiped)
        .where(
            interests.c.pet_id == pet_id,
            interests.c.liked_at.is_not(None),
            answer.is_not(None) if answered else answer.is_(None),
            in_use,
        )
        .order_by(interests.c.liked_at.desc(), interests.c.user_id.desc())
    )
