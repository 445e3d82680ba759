"""Events that wait to be delivered."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.database import metadata
from app.telemetry.tracing import current
from app.telemetry.w3c import PARENT_LENGTH


def origin() -> str | None:
    """Name the span that is open now; asked once for each statement that writes events."""
    found = current()
    return None if found is None else found.traceparent


# Written in the transaction of what it tells; the dispatcher delivers it at least once.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Uuid, primary_key=True, server_default=text("gen_random_uuid()")),
    # The order of a user's events.
    Column("position", BigInteger, Identity(always=True), nullable=False, unique=True),
    Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Not before: moved on by a failure, and by a lease while somebody delivers it.
    Column("due_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    # Channels that have it, so that a retry does not repeat them.
    Column("channels_done", ARRAY(String(16)), nullable=False, server_default=text("'{}'")),
    Column("delivered_at", DateTime(timezone=True)),
    Column("dead_at", DateTime(timezone=True)),
    Column("last_error", Text),
    # The span in which it was written, so that its delivery is seen as part of the same trace.
    Column("traceparent", String(PARENT_LENGTH), default=origin),
    Index(
        "ix_outbox_waiting",
        "user_id",
        "position",
        postgresql_where=text("delivered_at IS NULL AND dead_at IS NULL"),
    ),
    Index(
        "ix_outbox_due",
        "due_at",
        postgresql_where=text("delivered_at IS NULL AND dead_at IS NULL"),
    ),
    # Whether any of a user's is leased or being retried.
    Index(
        "ix_outbox_user_due",
        "user_id",
        "due_at",
        postgresql_where=text("delivered_at IS NULL AND dead_at IS NULL"),
    ),
    # What is old enough to be forgotten.
    Index(
        "ix_outbox_delivered_at",
        "delivered_at",
        postgresql_where=text("delivered_at IS NOT NULL"),
    ),
    # Few, and counted every few seconds.
    Index("ix_outbox_dead_at", "dead_at", postgresql_where=text("dead_at IS NOT NULL")),
)
