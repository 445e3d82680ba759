"""What has been delivered in the app, and where else somebody wants to hear of it."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from app.accounts.tables import users
from app.database import metadata

# The in-app list; an event delivered twice is one row.
notifications = Table(
    "notifications",
    metadata,
    # The id of the event.
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("read_at", DateTime(timezone=True)),
    Index("ix_notifications_user_id_created_at", "user_id", text("created_at DESC")),
)

# Where else somebody wants to hear of it; no row means by e-mail only.
channels = Table(
    "notification_channels",
    metadata,
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True),
    Column("email", Boolean, nullable=False, server_default=text("true")),
    Column("webhook_url", Text),
)
