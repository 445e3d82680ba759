"""Telling somebody about something: an event in the outbox, in the transaction of what it tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from app.outbox.tables import outbox

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from app.work import Work


async def tell(work: Work, user_id: UUID, kind: str, payload: Mapping[str, Any]) -> None:
    """Queue an event for a user, like `match.created`; it is delivered once this work commits.

    No secret goes into the payload: it rests in the table until somebody delivers it.
    """
    connection = await work.connection()
    await connection.execute(
        insert(outbox).values(user_id=user_id, kind=kind, payload=dict(payload))
    )
