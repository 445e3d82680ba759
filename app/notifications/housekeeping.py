"""Forgetting what nobody asks for any more, a few rows at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, func, select

from app.accounts.tables import refresh_tokens, reset_tokens, sessions
from app.idempotency.service import forget_old_keys
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Table
    from sqlalchemy.ext.asyncio import AsyncEngine

DELIVERED_KEPT = timedelta(days=7)
# A token that comes a little late is told that it has expired, not that it never was.
EXPIRED_KEPT = timedelta(hours=1)
# So few that no other statement waits for them.
BATCH = 1000


async def tidy(engine: AsyncEngine) -> int:
    """Delete old events, answers, tokens and sessions; returns how many rows there were."""
    expired = func.now() - EXPIRED_KEPT
    # A session lives on in its refresh token, and deleting it would delete the token.
    refreshable = exists().where(refresh_tokens.c.session_id == sessions.c.id)
    gone = 0
    for table, old in (
        (outbox, outbox.c.delivered_at < func.now() - DELIVERED_KEPT),
        (reset_tokens, reset_tokens.c.expires_at < expired),
        (refresh_tokens, refresh_tokens.c.expires_at < expired),
        (sessions, (sessions.c.expires_at < expired) & ~refreshable),
    ):
        gone += await _delete(engine, table, old)
    async with engine.connect() as connection:
        return gone + await forget_old_keys(connection)


async def _delete(engine: AsyncEngine, table: Table, old: ColumnElement[bool]) -> int:
    (key,) = table.primary_key.columns
    # Other dispatchers tidy as well, and none waits for another.
    batch = select(key).where(old).limit(BATCH).with_for_update(skip_locked=True).cte()
    gone = 0
    while True:
        async with engine.connect() as connection:
            done = await connection.execute(delete(table).where(key.in_(select(batch))))
        gone += done.rowcount
        if done.rowcount < BATCH:
            return gone
