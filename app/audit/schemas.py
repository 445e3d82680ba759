"""Bodies of the audit route."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class AuditRecord(BaseModel):
    """Who did what to which object; nobody is named where nobody was logged in."""

    id: int
    at: datetime
    actor_id: UUID | None
    action: str
    object_kind: str
    object_id: str
    request_id: str


class AuditPage(BaseModel):
    """The newest first; `next_cursor` continues with what is older."""

    items: list[AuditRecord]
    next_cursor: str | None
