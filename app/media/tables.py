"""Pictures that are kept in object storage."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, Integer, String, Table, Text, Uuid, func

from app.accounts.tables import users
from app.database import metadata

uploads = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "owner_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("key", String(64), nullable=False, unique=True),
    Column("url", Text, nullable=False),
    Column("content_type", String(32), nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
