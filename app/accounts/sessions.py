"""Whether a session is good: PostgreSQL knows, Valkey remembers its word for a minute."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import func, insert, select, update

from app.accounts.tables import refresh_tokens, sessions
from app.auth import token_digest
from app.cache import AWAY, session_key

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.auth import Role
    from app.settings import Settings
    from app.shared_pipeline import SharedPipeline
    from app.work import Work

ACTIVE = timedelta(minutes=5)
GOOD = "good"
REVOKED = "revoked"
# Less than what is remembered, so that every first check of a minute notes it.
NOTED_AFTER = timedelta(seconds=30)
# Idleness is known to the minute, and a revocation that Valkey missed ends after it.
REMEMBERED_SECONDS = 60
# Longer than a check that began before the revocation can take to write what it had read.
REVOKED_SECONDS = 2 * REMEMBERED_SECONDS


@dataclass(frozen=True, slots=True)
class Session:
    """A session that has just begun or been renewed, with the token that renews it next."""

    id: UUID
    user_id: UUID
    role: Role
    refresh_token: str


async def open_session(work: Work, settings: Settings, user_id: UUID, role: Role) -> Session:
    """Begin a session that lasts as long as its first access token, unless it is refreshed."""
    connection = await work.connection()
    session_id = uuid4()
    expires_at = func.now() + timedelta(seconds=settings.access_token_seconds)
    await connection.execute(
        insert(sessions).values(id=session_id, user_id=user_id, expires_at=expires_at)
    )
    token = await make_refresh_token(connection, session_id, settings.refresh_token_seconds)
    return Session(session_id, user_id, role, token)


async def make_refresh_token(connection: AsyncConnection, session_id: UUID, seconds: int) -> str:
    """Store the digest of a new token of 256 random bits and return the token itself."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        insert(refresh_tokens).values(
            digest=token_digest(token),
            session_id=session_id,
            expires_at=func.now() + timedelta(seconds=seconds),
        )
    )
    return token


async def check_session(
    engine: AsyncEngine, pipeline: SharedPipeline, session_id: UUID, idle_seconds: int
) -> bool:
    """Ask PostgreSQL whether a session is good, note that it was used, and remember the answer.

    While Valkey is away every request comes here, so its use is noted only now and then.
    """
    good_one = (
        (sessions.c.id == session_id)
        & sessions.c.revoked_at.is_(None)
        & (sessions.c.expires_at > func.now())
        & (sessions.c.last_seen_at > func.now() - timedelta(seconds=idle_seconds))
    )
    noted = update(sessions).where(good_one, sessions.c.last_seen_at < func.now() - NOTED_AFTER)
    statement = (
        select(sessions.c.id)
        .where(good_one)
        .add_cte(noted.values(last_seen_at=func.now()).cte("noted"))
    )
    async with engine.connect() as connection:
        good = await connection.scalar(statement) is not None
    if good:
        with suppress(*AWAY):
            # Never over a revocation that came while PostgreSQL was asked.
            key = session_key(session_id)
            await pipeline.ask("SET", key, GOOD, "EX", REMEMBERED_SECONDS, "NX")
    return good


async def count_active_sessions(engine: AsyncEngine) -> int:
    """Count the sessions that somebody has used in the last five minutes."""
    recent = func.now() - ACTIVE
    statement = select(func.count()).where(
        sessions.c.last_seen_at > recent, sessions.c.revoked_at.is_(None)
    )
    async with engine.connect() as connection:
        return await connection.scalar(statement) or 0


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
