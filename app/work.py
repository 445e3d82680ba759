"""The transaction of one request, and what may only happen once it is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.database import transactional
from app.telemetry.catalog import SPAN_COMMIT
from app.telemetry.instruments import NullInstruments
from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.telemetry.instruments import ApiInstruments

    # Counts something, or drops a cache entry.
    Effect = Callable[[], Awaitable[None] | None]


# What commands outside of the API count with.
UNHEARD = NullInstruments("", "")


class Work:
    """One request's changes: all of them are stored or none, and services never commit.

    Counters and cache entries follow the commit, so that nothing is told that did not happen.
    """

    def __init__(
        self, engine: AsyncEngine, request_id: str = "", instruments: ApiInstruments = UNHEARD
    ) -> None:
        """Take the pool; a connection is taken from it by the first who asks."""
        self.request_id = request_id
        self.instruments = instruments
        self._engine = engine
        self._connection: AsyncConnection | None = None
        self._alone = False
        self._effects: list[Effect] = []

    async def connection(self, *, alone: bool = False) -> AsyncConnection:
        """Return the connection of this request's transaction.

        `alone` says that one statement is all: it then commits by itself, which saves two round
        trips, unless a transaction has begun before.
        """
        if self._connection is None:
            engine = self._engine if alone else transactional(self._engine)
            self._connection = await engine.connect()
            self._alone = alone
        return self._connection

    def afterwards(self, effect: Effect) -> None:
        """Let something happen when the changes are stored; it must not fail."""
        self._effects.append(effect)

    async def commit(self) -> None:
        """Store the changes, give the connection back, and let the effects happen."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                if self._alone:
                    await connection.commit()
                else:
                    with span(SPAN_COMMIT, Kind.CLIENT, {"db.system.name": "postgresql"}):
                        await connection.commit()
            finally:
                await connection.close()
        effects, self._effects = self._effects, []
        for effect in effects:
            waiting = effect()
            if waiting is not None:
                await waiting

    async def abandon(self) -> None:
        """Undo what is not stored and forget the effects; does nothing after a commit."""
        self._effects.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closing rolls back.
            await connection.close()
