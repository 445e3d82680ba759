"""Giving people all their data, and erasing it."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pydantic_core import to_json
from sqlalchemy import delete, func, select, update

from app.accounts.service import GONE, in_use
from app.accounts.sessions import revoke_sessions
from app.accounts.tables import users
from app.audit.service import record
from app.cache import AWAY, deck_key, object_key
from app.errors import Unauthorized
from app.households.service import leave_household
from app.households.tables import household_members
from app.media.service import forget_pictures
from app.pets.tables import pets
from app.privacy.queries import SECTIONS, Section, decline_all, personal
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.accounts.schemas import Account, Preferences
    from app.storage import Storage
    from app.work import Work

# Rows that are held at once; a pet may have a description of 16 000 bytes.
PAGE = 200
NAME = "(deleted)"
# No hash at all: no password gives it.
NO_PASSWORD = "!"  # noqa: S105  # the contrary of one


async def export(
    engine: AsyncEngine, account: Account, preferences: Preferences
) -> AsyncIterator[bytes]:
    """Write an export piece by piece, without holding a connection while a piece is sent."""
    yield f'{{"account":{account.model_dump_json()}'.encode()
    yield f',"preferences":{preferences.model_dump_json()}'.encode()
    for section in SECTIONS:
        yield f',"{section.name}":['.encode()
        between = b""
        async for rows in _pages(engine, section, account.id):
            yield between + to_json(rows)[1:-1]
            between = b","
        yield b"]"
    yield b"}"


async def _pages(
    engine: AsyncEngine, section: Section, user_id: UUID
) -> AsyncIterator[list[dict[str, object]]]:
    after = None
    while True:
        async with engine.connect() as connection:
            found = await connection.execute(section.page(user_id, after, PAGE))
            rows = [dict(row) for row in found.mappings()]
        if not rows:
            return
        after = [row.pop("_key") for row in rows][-1]
        yield rows
        if len(rows) < PAGE:
            return


async def delete_account(work: Work, cache: Redis, storage: Storage, user_id: UUID) -> None:
    """Erase what is personal; likes and matches stay, as decisions of somebody unknown.

    The address is free again, and no log-in can ever lead here. Raises Unauthorized when the
    account is gone already.
    """
    connection = await work.connection()
    # Everybody locks in this order: household, pets, matches, the account, its events.
    household = select(household_members.c.household_id)
    mine = await connection.scalar(household.where(household_members.c.user_id == user_id))
    if mine is not None:
        await leave_household(work, cache, user_id, mine)
    taken_back = await _withdraw(connection, user_id)
    await _forget_person(connection, user_id)
    await forget_pictures(work, storage, user_id)
    await revoke_sessions(work, cache, user_id)
    for table, theirs in personal(user_id):
        await connection.execute(delete(table).where(theirs))
    swiped = (swipes.c.user_id == user_id) & swipes.c.notes.is_not(None)
    await connection.execute(update(swipes).where(swiped).values(notes=None))
    await record(work, user_id, "user.delete", "account", user_id)
    work.afterwards(partial(_outdate, cache, user_id, taken_back))


async def _forget_person(connection: AsyncConnection, user_id: UUID) -> None:
    statement = (
        update(users)
        .where(users.c.id == user_id, in_use)
        .values(
            # Not an address that sign-up and log-in take.
            email=f"deleted-{user_id}@invalid",
            password_hash=NO_PASSWORD,
            display_name=NAME,
            avatar_url=None,
            is_active=False,
            deleted_at=func.now(),
        )
    )
    if (await connection.execute(statement)).rowcount == 0:
        raise Unauthorized(GONE)


async def _withdraw(connection: AsyncConnection, user_id: UUID) -> Sequence[UUID]:
    """Take the person's pets back; decline what was going on, and tell the other side."""
    taken_back = await connection.scalars(
        update(pets)
        .where(pets.c.owner_id == user_id, pets.c.deleted_at.is_(None))
        .values(deleted_at=func.now(), is_available=False)
        .returning(pets.c.id)
    )
    pet_ids: Sequence[UUID] = taken_back.all()
    await connection.execute(decline_all(user_id))
    return pet_ids


async def _outdate(cache: Redis, user_id: UUID, pet_ids: Sequence[UUID]) -> None:
    keys = [deck_key(user_id), *(object_key("pet", pet_id) for pet_id in pet_ids)]
    # Cards and objects end with their time to live at the latest.
    with suppress(*AWAY):
        await cache.delete(*keys)
