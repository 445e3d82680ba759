"""The list in the app."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.dialects.postgresql import insert

from app.notifications.tables import notifications

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.events import Event


class InAppChannel:
    """Puts an event on its user's list; the second time changes nothing."""

    name = "in_app"

    def __init__(self, engine: AsyncEngine) -> None:
        """Take the pool."""
        self._engine = engine

    def wants(self, event: Event) -> bool:
        """Take all that is not about the account itself."""
        return not event.private and event.email is not None

    async def deliver(self, event: Event) -> None:
        """Store it under the id of the event."""
        row = insert(notifications).values(
            id=event.id,
            user_id=event.user_id,
            kind=event.kind,
            payload=event.payload,
            created_at=event.created_at,
        )
        async with self._engine.connect() as connection:
            await connection.execute(row.on_conflict_do_nothing())

    async def aclose(self) -> None:
        """Keep the pool, which is not ours."""
