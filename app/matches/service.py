"""Reading matches, and how far they come."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from app.audit.service import record
from app.auth import Role
from app.cursors import behind, write_cursor
from app.errors import Conflict, NotFound
from app.matches.queries import decline_others, shown, shown_to_owner
from app.matches.schemas import Match, MatchFeed, Side
from app.matches.tables import MatchStatus, matches
from app.outbox.service import tell
from app.pets.cached import outdate
from app.pets.tables import pets

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.auth import Principal
    from app.work import Work

    # The id, the name, the owner, and when it was deleted.
    Pet = Row[UUID, str, UUID, datetime | None]

UNKNOWN = "There is no such match."
NEXT = {
    MatchStatus.PENDING: (MatchStatus.ACCEPTED, MatchStatus.DECLINED),
    MatchStatus.ACCEPTED: (MatchStatus.COMPLETED, MatchStatus.DECLINED),
    MatchStatus.COMPLETED: (),
    MatchStatus.DECLINED: (),
}


async def list_matches(
    engine: AsyncEngine,
    user_id: UUID,
    side: Side,
    status: MatchStatus | None,
    cursor: str | None,
    limit: int,
) -> MatchFeed:
    """Read a page of an adopter's newest matches, or of those of an owner's pets."""
    conditions: list[ColumnElement[bool]] = []
    if status is not None:
        conditions.append(matches.c.status == status)
    if cursor is not None:
        conditions.append(behind(cursor, matches.c.matched_at, matches.c.id))
    statement = (
        shown_to_owner(user_id, conditions, limit + 1)
        if side is Side.OWNER
        else shown([matches.c.user_id == user_id, *conditions]).limit(limit + 1)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    items = [Match.model_validate(row) for row in rows[:limit]]
    more = write_cursor(items[-1].matched_at, items[-1].id) if rows[limit:] else None
    return MatchFeed(items=items, next_cursor=more)


async def read_match(engine: AsyncEngine, caller: Principal, match_id: UUID) -> Match:
    """Read a match; raises NotFound unless the caller is one of its parties or an admin."""
    async with engine.connect() as connection:
        found = await _read(connection, match_id)
    if found is None or not _concerns(caller, found.adopter_id, found.owner_id):
        raise NotFound(UNKNOWN)
    return found


async def change_match(
    work: Work, cache: Redis, caller: Principal, match_id: UUID, status: MatchStatus
) -> Match:
    """Move a match on, and tell the other party; the same status again changes nothing.

    Raises NotFound for strangers, Conflict when the match or the caller cannot go there.
    """
    connection = await work.connection()
    pet = await _lock_pet(connection, match_id)
    locked = select(matches).where(matches.c.id == match_id).with_for_update(key_share=True)
    match = (await connection.execute(locked)).one_or_none() if pet is not None else None
    if pet is None or match is None or not _concerns(caller, match.user_id, pet.owner_id):
        raise NotFound(UNKNOWN)
    if match.status != status:
        await _check(connection, caller, pet, MatchStatus(match.status), status)
        await connection.execute(
            update(matches)
            .where(matches.c.id == match_id)
            .values(status=status, status_changed_at=func.now())
        )
        if status is MatchStatus.COMPLETED:
            await _give_home(work, cache, match_id, pet.id)
        news = {"match_id": str(match_id), "pet_id": str(pet.id), "pet_name": pet.name}
        for party in sorted({match.user_id, pet.owner_id} - {caller.user_id}):
            await tell(work, party, f"match.{status}", news)
        await record(work, caller.user_id, f"match.{status}", "match", match_id)
        work.afterwards(work.instruments.match_changes[status].inc)
    changed = await _read(connection, match_id)
    if changed is None:
        raise NotFound(UNKNOWN)
    return changed


async def _lock_pet(connection: AsyncConnection, match_id: UUID) -> Pet | None:
    """Lock the pet of a match: before its matches, because an adoption concerns all of them."""
    pet_id = select(matches.c.pet_id).where(matches.c.id == match_id).scalar_subquery()
    statement = select(pets.c.id, pets.c.name, pets.c.owner_id, pets.c.deleted_at)
    locked = statement.where(pets.c.id == pet_id).with_for_update(key_share=True)
    return (await connection.execute(locked)).one_or_none()


async def _check(
    connection: AsyncConnection,
    caller: Principal,
    pet: Pet,
    now: MatchStatus,
    status: MatchStatus,
) -> None:
    """Raise Conflict when a match cannot take this step, or not by this caller."""
    if status not in NEXT[now]:
        raise Conflict(f"A match that is {now} cannot become {status}.")
    if status is MatchStatus.DECLINED:
        return
    if caller.role is not Role.ADMIN and caller.user_id != pet.owner_id:
        raise Conflict("Only the owner of the pet can do this; you can decline.")
    adopted = select(matches.c.id).where(
        matches.c.pet_id == pet.id, matches.c.status == MatchStatus.COMPLETED
    )
    if pet.deleted_at is not None or await connection.scalar(adopted.limit(1)) is not None:
        raise Conflict("The pet is no longer to adopt.")


async def _give_home(work: Work, cache: Redis, match_id: UUID, pet_id: UUID) -> None:
    """Take an adopted pet out of the decks, and decline everybody else."""
    connection = await work.connection()
    await connection.execute(update(pets).where(pets.c.id == pet_id).values(is_available=False))
    await connection.execute(decline_others(match_id, pet_id))
    work.afterwards(partial(outdate, cache, pet_id))


def _concerns(caller: Principal, adopter_id: UUID, owner_id: UUID) -> bool:
    return caller.role is Role.ADMIN or caller.user_id in {adopter_id, owner_id}


async def _read(connection: AsyncConnection, match_id: UUID) -> Match | None:
    row = (await connection.execute(shown([matches.c.id == match_id]))).mappings().first()
    return None if row is None else Match.model_validate(row)
