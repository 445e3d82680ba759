"""The match that a like makes, and the feed of matches."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import CTE, Uuid, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.matches.schemas import Match
from app.matches.tables import MatchStatus, matches
from app.pets.tables import pets

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


def match_from_like(swiped: CTE) -> CTE:
    """Extend the statement that stores a swipe: a new like of an `auto_match` pet matches at once.

    `swiped` yields user_id, pet_id and liked of the rows that were new. The unique key on adopter
    and pet makes the match exactly once under any race.
    """
    new = (
        select(
            literal(uuid4(), Uuid), swiped.c.user_id, swiped.c.pet_id, literal(MatchStatus.PENDING)
        )
        .join_from(swiped, pets, pets.c.id == swiped.c.pet_id)
        .where(swiped.c.liked, pets.c.auto_match)
    )
    return (
        insert(matches)
        .from_select(["id", "user_id", "pet_id", "status"], new)
        .on_conflict_do_nothing()
        .returning(matches.c.id)
        .cte("matched")
    )


async def list_matches(engine: AsyncEngine, user_id: UUID, limit: int) -> list[Match]:
    """Read an adopter's newest matches."""
    statement = (
        select(
            matches.c.id,
            matches.c.pet_id,
            pets.c.name.label("pet_name"),
            matches.c.status,
            matches.c.matched_at,
            matches.c.status_changed_at,
        )
        .join_from(matches, pets, pets.c.id == matches.c.pet_id)
        .where(matches.c.user_id == user_id)
        .order_by(matches.c.matched_at.desc(), matches.c.id)
        .limit(limit)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    return [Match.model_validate(row) for row in rows]
