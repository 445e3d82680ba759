"""The owner's side of a match, and taking the adopter's side back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select, true, update

from app.accounts.service import in_use
from app.accounts.tables import users
from app.audit.service import record
from app.auth import Role
from app.errors import Conflict, NotFound
from app.matches.queries import here, make_match, note_answer, tell_both
from app.matches.schemas import Answered
from app.matches.tables import interests, matches
from app.pets.tables import adoptable, pets
from app.telemetry.catalog import SPAN_MATCH
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.auth import Principal
    from app.telemetry.instruments import ApiInstruments
    from app.work import Work


def theirs(caller: Principal) -> ColumnElement[bool]:
    """Select the pets whose admirers somebody may know: their own, or all for an admin."""
    return true() if caller.role is Role.ADMIN else pets.c.owner_id == caller.user_id


async def answer_admirer(
    work: Work,
    instruments: ApiInstruments,
    caller: Principal,
    pet_id: UUID,
    user_id: UUID,
    interested: bool,
) -> Answered:
    """Store what a pet's owner thinks of an adopter, before or after the adopter's like.

    Raises NotFound when the pet is not the caller's to give or there is no such adopter, Conflict
    for the owner themselves and for a changed mind after the match.
    """
    connection = await work.connection()
    await _check(connection, caller, pet_id, user_id)
    noted = note_answer(user_id, pet_id, interested)
    matched = make_match(noted)
    statement = (
        select(matched.c.id, (noted.c.answered_at == func.now()).label("changed"))
        .select_from(noted.outerjoin(matched, true()))
        .add_cte(tell_both(matched, here()))
    )
    with span(SPAN_MATCH):
        row = (await connection.execute(statement)).one()
    match_id = row.id or await _match_of(connection, user_id, pet_id)
    if match_id is not None and not interested:
        raise Conflict("You are a match already; decline the match instead.")
    if row.changed:
        await record(work, caller.user_id, "admirer.answer", "pet", pet_id)
    if row.id is not None:
        await record(work, caller.user_id, "match.create", "match", row.id)
        work.afterwards(instruments.matches.inc)
    return Answered(interested=interested, match_id=match_id)


async def take_like_back(connection: AsyncConnection, user_id: UUID, pet_id: UUID) -> None:
    """Forget a like; raises Conflict when it has led to a match."""
    pair = (interests.c.user_id == user_id) & (interests.c.pet_id == pet_id)
    # Who makes a match holds this row until the match is there to be seen.
    await connection.execute(select(interests.c.user_id).where(pair).with_for_update())
    if await _match_of(connection, user_id, pet_id) is not None:
        raise Conflict("Your last swipe has led to a match; decline the match instead.")
    await connection.execute(delete(interests).where(pair, interests.c.interested.is_(None)))
    await connection.execute(update(interests).where(pair).values(liked_at=None))


async def _check(
    connection: AsyncConnection, caller: Principal, pet_id: UUID, user_id: UUID
) -> None:
    owner = select(pets.c.owner_id).where(pets.c.id == pet_id, adoptable, theirs(caller))
    owner_id = await connection.scalar(owner)
    if owner_id is None:
        raise NotFound("There is no such pet to adopt.")
    if owner_id == user_id:
        raise Conflict("Nobody adopts their own pet.")
    # Held, because the deletion of an account locks the account before its interests.
    person = select(users.c.id).where(users.c.id == user_id, in_use)
    locked = person.with_for_update(read=True, key_share=True)
    if await connection.scalar(locked) is None:
        raise NotFound("There is no such adopter.")


async def _match_of(connection: AsyncConnection, user_id: UUID, pet_id: UUID) -> UUID | None:
    found: UUID | None = await connection.scalar(
        select(matches.c.id).where(matches.c.user_id == user_id, matches.c.pet_id == pet_id)
    )
    return found
