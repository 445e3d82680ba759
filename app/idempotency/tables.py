"""Answers that are given again when a request comes again."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, Index, LargeBinary, SmallInteger, String, Table, func

from app.database import metadata

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    # A user's id, or `anonymous`.
    Column("owner", String(36), primary_key=True),
    Column("operation", String(200), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", LargeBinary(32), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("media_type", String(100), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Index("ix_idempotency_keys_created_at", "created_at"),
)
