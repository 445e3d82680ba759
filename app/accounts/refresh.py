"""Renewing a session: each refresh token is used once, and one that comes again is a theft."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from app.accounts.sessions import Session, make_refresh_token, revoke_sessions
from app.accounts.tables import refresh_tokens, sessions, users
from app.audit.service import record
from app.auth import Role, token_digest

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy import Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.settings import Settings
    from app.work import Work


async def renew_session(work: Work, cache: Redis, settings: Settings, token: str) -> Session | None:
    """Exchange a refresh token for its successor; returns None when it cannot be.

    A token that was used more than the grace ago is in two hands, one of them a thief's: the
    session ends, and the caller must let that be stored.
    """
    connection = await work.connection()
    digest = token_digest(token)
    found = (await connection.execute(_lock_session(digest))).one_or_none()
    outcomes = work.instruments.refreshes
    if found is None or found.revoked_at is not None:
        outcomes["refused"].inc()
        return None
    used = await _read_token(connection, digest, settings.refresh_grace_seconds)
    if not used.alive or not found.usable:
        outcomes["refused"].inc()
        return None
    if used.late:
        await revoke_sessions(work, cache, found.user_id, only=found.id)
        await record(work, found.user_id, "auth.refresh_reuse", "session", found.id)
        work.afterwards(outcomes["reuse"].inc)
        return None
    await _prolong(connection, digest, found.id, settings.access_token_seconds)
    successor = await make_refresh_token(connection, found.id, settings.refresh_token_seconds)
    work.afterwards(outcomes["success"].inc)
    # The role as it is now, not as it was at log-in.
    return Session(found.id, found.user_id, Role(found.role), successor)


def _lock_session(digest: bytes) -> Select[tuple[object, ...]]:
    """Let all who refresh one session wait for each other."""
    session_id = select(refresh_tokens.c.session_id).where(refresh_tokens.c.digest == digest)
    return (
        select(
            sessions.c.id,
            sessions.c.user_id,
            sessions.c.revoked_at,
            users.c.role,
            (users.c.is_active & users.c.deleted_at.is_(None)).label("usable"),
        )
        .join_from(sessions, users)
        .where(sessions.c.id == session_id.scalar_subquery())
        .with_for_update(of=sessions)
    )


async def _read_token(connection: AsyncConnection, digest: bytes, grace: int) -> Row[bool, bool]:
    # A statement of its own: it sees what the last holder of the lock has stored.
    late = refresh_tokens.c.used_at < func.now() - timedelta(seconds=grace)
    statement = select(
        (refresh_tokens.c.expires_at > func.now()).label("alive"),
        func.coalesce(late, False).label("late"),
    ).where(refresh_tokens.c.digest == digest)
    return (await connection.execute(statement)).one()


async def _prolong(
    connection: AsyncConnection, digest: bytes, session_id: UUID, seconds: int
) -> None:
    # The first use counts: a token is not kept young by using it again and again.
    first = func.coalesce(refresh_tokens.c.used_at, func.now())
    this = refresh_tokens.c.digest == digest
    await connection.execute(update(refresh_tokens).where(this).values(used_at=first))
    await connection.execute(
        update(sessions)
        .where(sessions.c.id == session_id)
        .values(expires_at=func.now() + timedelta(seconds=seconds), last_seen_at=func.now())
    )
