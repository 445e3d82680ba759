"""Reading the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from app.audit.schemas import AuditPage, AuditRecord
from app.audit.tables import audit_log

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine


async def list_records(
    engine: AsyncEngine, filters: Mapping[str, str | UUID | None], before: int | None, limit: int
) -> AuditPage:
    """Read a page of the records whose columns have these values, the newest first."""
    statement = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit + 1)
    for name, value in filters.items():
        if value is not None:
            statement = statement.where(audit_log.c[name] == value)
    if before is not None:
        statement = statement.where(audit_log.c.id < before)
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    items = [AuditRecord.model_validate(row) for row in rows[:limit]]
    return AuditPage(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)
