"""Founding, joining and leaving a household, one at a time for each household."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from app.accounts.tables import users
from app.audit.service import record
from app.errors import Conflict, NotFound
from app.households.cached import outdate, recall, remember
from app.households.invitations import new_code, tidy
from app.households.schemas import Household, Member
from app.households.tables import household_members as members
from app.households.tables import households

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.telemetry.instruments import ApiInstruments
    from app.work import Work

LOG = logging.getLogger("app.households")
MOST_MEMBERS = 20
UNKNOWN = "There is no such household."
ELSEWHERE = "You are in a household already; leave it first."


async def create_household(work: Work, user_id: UUID, name: str) -> Household:
    """Found a household with the caller as its leader; raises Conflict when in one already."""
    household_id = uuid4()
    noted = {"user_id": str(user_id), "household_id": str(household_id)}
    LOG.info("household.create.started", extra=noted)
    connection = await work.connection()
    await connection.execute(
        insert(households).values(
            id=household_id, name=name, leader_id=user_id, invite_code=new_code()
        )
    )
    await _add_member(connection, household_id, user_id)
    await record(work, user_id, "household.create", "household", household_id)
    work.afterwards(partial(LOG.info, "household.create.success", extra=noted))
    return await _read(connection, household_id)


async def join_household(work: Work, cache: Redis, user_id: UUID, code: str) -> Household:
    """Join by an invite code; joining one's own household again changes nothing.

    Raises NotFound for an unknown code, Conflict when the household is full or the caller is in
    another one.
    """
    connection = await work.connection()
    found = await _lock(connection, households.c.invite_code == tidy(code))
    mine = await connection.scalar(
        select(members.c.household_id).where(members.c.user_id == user_id)
    )
    if mine != found.id:
        counted = select(func.count()).where(members.c.household_id == found.id)
        if mine is None and (await connection.scalar(counted) or 0) >= MOST_MEMBERS:
            raise Conflict(f"This household has {MOST_MEMBERS} members, and takes no more.")
        await _add_member(connection, found.id, user_id)
        await record(work, user_id, "household.join", "household", found.id)
        work.afterwards(partial(outdate, cache, found.id))
    return await _read(connection, found.id)


async def leave_household(work: Work, cache: Redis, user_id: UUID, household_id: UUID) -> None:
    """Leave; the longest member leads on, and the last one takes the household along.

    Raises NotFound for everybody who is no member.
    """
    connection = await work.connection()
    found = await _lock(connection, households.c.id == household_id)
    left = await connection.execute(
        delete(members).where(members.c.user_id == user_id, members.c.household_id == household_id)
    )
    if left.rowcount == 0:
        raise NotFound(UNKNOWN)
    longest = await connection.scalar(
        select(members.c.user_id)
        .where(members.c.household_id == household_id)
        .order_by(members.c.joined_at, members.c.user_id)
        .limit(1)
    )
    this = households.c.id == household_id
    if longest is None:
        await connection.execute(delete(households).where(this))
    elif found.leader_id == user_id:
        await connection.execute(update(households).where(this).values(leader_id=longest))
    await record(work, user_id, "household.leave", "household", household_id)
    work.afterwards(partial(outdate, cache, household_id))


async def read_household(
    engine: AsyncEngine,
    cache: Redis,
    instruments: ApiInstruments,
    user_id: UUID,
    household_id: UUID,
) -> Household:
    """Read the caller's household, from the cache or else PostgreSQL; raises NotFound."""
    household = await recall(cache, instruments, household_id)
    if household is None:
        async with engine.connect() as connection:
            household = await _read(connection, household_id)
        await remember(cache, household)
    if user_id not in household.member_ids:
        raise NotFound(UNKNOWN)
    return household


async def list_members(engine: AsyncEngine, user_id: UUID, household_id: UUID) -> list[Member]:
    """Read who is in the caller's household; raises NotFound when it is not the caller's."""
    statement = (
        select(
            members.c.user_id,
            users.c.display_name,
            members.c.joined_at,
            (members.c.user_id == households.c.leader_id).label("is_leader"),
        )
        .select_from(members.join(households).join(users, users.c.id == members.c.user_id))
        .where(members.c.household_id == household_id)
        .order_by(members.c.joined_at, members.c.user_id)
    )
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    if not any(row["user_id"] == user_id for row in rows):
        raise NotFound(UNKNOWN)
    return [Member.model_validate(row) for row in rows]


async def _add_member(connection: AsyncConnection, household_id: UUID, user_id: UUID) -> None:
    added = (
        insert(members)
        .values(user_id=user_id, household_id=household_id)
        .on_conflict_do_nothing(index_elements=["user_id"])
    )
    if (await connection.execute(added)).rowcount == 0:
        raise Conflict(ELSEWHERE)


async def _lock(connection: AsyncConnection, which: ColumnElement[bool]) -> Row[UUID, UUID]:
    """Keep everybody else from joining or leaving until this is over."""
    statement = select(households.c.id, households.c.leader_id).where(which).with_for_update()
    row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound(UNKNOWN)
    return row


async def _read(connection: AsyncConnection, household_id: UUID) -> Household:
    ids = select(
        func.array_agg(
            aggregate_order_by(members.c.user_id, members.c.joined_at, members.c.user_id)
        )
    ).where(members.c.household_id == households.c.id)
    statement = select(households, ids.scalar_subquery().label("member_ids")).where(
        households.c.id == household_id
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound(UNKNOWN)
    return Household.model_validate(row)
