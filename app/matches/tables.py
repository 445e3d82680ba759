"""Matches between adopters and pets."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from app.accounts.tables import users
from app.database import metadata
from app.pets.tables import pets


class MatchStatus(StrEnum):
    """How far a match has come."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    DECLINED = "declined"


matches = Table(
    "matches",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("pet_id", Uuid, ForeignKey(pets.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("status", String(16), nullable=False, index=True),
    Column("matched_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("status_changed_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # Serves as the index on the adopter as well.
    UniqueConstraint("user_id", "pet_id"),
    CheckConstraint(f"status IN ({', '.join(repr(str(s)) for s in MatchStatus)})", name="status"),
    Index("ix_matches_matched_at", text("matched_at DESC")),
    Index("ix_matches_user_id_matched_at", "user_id", text("matched_at DESC")),
)

# Both sides write the same row, whoever comes first: whoever comes second sees both, under any
# race, because an upsert reads what is committed and not what its snapshot shows.
interests = Table(
    "interests",
    metadata,
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True),
    Column("pet_id", Uuid, ForeignKey(pets.c.id, ondelete="CASCADE"), primary_key=True),
    Column("liked_at", DateTime(timezone=True)),
    Column("answered_at", DateTime(timezone=True)),
    # The owner's answer: yes, no, or none yet.
    Column("interested", Boolean),
    Index("ix_interests_pet_id_liked_at", "pet_id", "liked_at"),
)
