"""The audit log, for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.audit.reading import list_records
from app.audit.schemas import AuditPage
from app.auth import Principal, Role
from app.dependencies import Held, require
from app.errors import answers
from app.telemetry import catalog
from app.texts import NO_NUL
from app.transactions import IdempotentRoute

router = APIRouter(tags=["audit"], route_class=IdempotentRoute)
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]
BIGGEST = 2**63 - 1


@router.get(catalog.AUDIT_LIST.template, responses=answers(403))
async def audit_list(
    held: Held,
    _: Admin,
    actor_id: UUID | None = None,
    action: Annotated[str | None, Query(max_length=64, pattern=NO_NUL)] = None,
    object_kind: Annotated[str | None, Query(max_length=32, pattern=NO_NUL)] = None,
    object_id: Annotated[str | None, Query(max_length=64, pattern=NO_NUL)] = None,
    cursor: Annotated[int | None, Query(ge=1, le=BIGGEST)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AuditPage:
    """List who did what to which object, the newest first."""
    filters = {
        "actor_id": actor_id,
        "action": action,
        "object_kind": object_kind,
        "object_id": object_id,
    }
    return await list_records(held.reads, filters, cursor, limit)
