"""Swipes: one row an adopter and pet, for ever."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
)

from app.accounts.tables import users
from app.database import metadata
from app.pets.tables import pets

swipes = Table(
    "swipes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False),
    Column("pet_id", Uuid, ForeignKey(pets.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("liked", Boolean, nullable=False),
    Column("notes", Text),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    # What makes a swipe idempotent; it serves as the index on the adopter as well.
    UniqueConstraint("user_id", "pet_id"),
    Index("ix_swipes_user_id_created_at", "user_id", "created_at"),
)
