"""Who did what to which object."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, String, Table, Uuid, func

from app.database import metadata

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # No foreign keys: the log outlives whom and what it speaks of, and holds no personal data.
    Column("actor_id", Uuid),
    Column("action", String(64), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object_id", String(64), nullable=False),
    Column("request_id", String(64), nullable=False),
    Index("ix_audit_log_actor_id", "actor_id", "id"),
    Index("ix_audit_log_object", "object_kind", "object_id", "id"),
)
