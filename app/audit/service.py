"""Writing the audit log, in the transaction of what it reports."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import insert

from app.audit.tables import audit_log
from app.telemetry.events import AUDIT_LOGGER, AUDITED

if TYPE_CHECKING:
    from uuid import UUID

    from app.work import Work

LOG = logging.getLogger(AUDIT_LOGGER)


async def record(
    work: Work, actor_id: UUID | None, action: str, object_kind: str, object_id: UUID | str
) -> None:
    """Note who did what to which object, like `pet.delete` to a pet, and tell it once it is so.

    Swipes are not noted: each is a row that says the same, for ever.
    """
    connection = await work.connection()
    await connection.execute(
        insert(audit_log).values(
            actor_id=actor_id,
            action=action,
            object_kind=object_kind,
            object_id=str(object_id),
            request_id=work.request_id,
        )
    )
    noted = {
        "event": AUDITED,
        "action": action,
        "object_kind": object_kind,
        "object_id": str(object_id),
        "actor_id": None if actor_id is None else str(actor_id),
        "request_id": work.request_id,
    }
    work.afterwards(partial(LOG.info, action, extra=noted))
