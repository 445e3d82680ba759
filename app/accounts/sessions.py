"""Whether a session is good: PostgreSQL knows, Valkey remembers its word for a minute."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import func, insert, update

from app.accounts.tables import sessions
from app.cache import AWAY, session_key

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.work import Work

GOOD = "good"
REVOKED = "revoked"
# Idleness is known to the minute, and a revocation that Valkey missed ends after it.
REMEMBERED_SECONDS = 60
# Longer than a check that began before the revocation can take to write what it had read.
REVOKED_SECONDS = 2 * REMEMBERED_SECONDS


async def open_session(work: Work, user_id: UUID, seconds: int) -> UUID:
    """Begin a session whose first access token lives so long."""
    connection = await work.connection()
    session_id = uuid4()
    expires_at = func.now() + timedelta(seconds=seconds)
    await connection.execute(
        insert(sessions).values(id=session_id, user_id=user_id, expires_at=expires_at)
    )
    return session_id


async def check_session(
    engine: AsyncEngine, cache: Redis, session_id: UUID, idle_seconds: int
) -> bool:
    """Ask PostgreSQL whether a session is good, note that it was used, and remember the answer."""
    statement = (
        update(sessions)
        .where(
            sessions.c.id == session_id,
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > func.now(),
            sessions.c.last_seen_at > func.now() - timedelta(seconds=idle_seconds),
        )
        .values(last_seen_at=func.now())
        .returning(sessions.c.id)
    )
    async with engine.connect() as connection:
        good = await connection.scalar(statement) is not None
    if good:
        with suppress(*AWAY):
            # Never over a revocation that came while PostgreSQL was asked.
            await cache.set(session_key(session_id), GOOD, ex=REMEMBERED_SECONDS, nx=True)
    return good


async def revoke_sessions(
    work: Work, cache: Redis, user_id: UUID, only: UUID | None = None
) -> list[UUID]:
    """End all sessions of a user, or only one; at once for every process."""
    connection = await work.connection()
    statement = (
        update(sessions)
        .where(sessions.c.user_id == user_id, sessions.c.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .returning(sessions.c.id)
    )
    if only is not None:
        statement = statement.where(sessions.c.id == only)
    ended = list((await connection.execute(statement)).scalars())

    async def forget() -> None:
        with suppress(*AWAY):
            async with cache.pipeline(transaction=False) as pipe:
                for session_id in ended:
                    pipe.set(session_key(session_id), REVOKED, ex=REVOKED_SECONDS)
                await pipe.execute()

    if ended:
        work.afterwards(forget)
    return ended
