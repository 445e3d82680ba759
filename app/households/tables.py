"""Households: people who look for a pet together."""

from __future__ import annotations

from sqlalchemy import Column, DateTime, ForeignKey, String, Table, Uuid, func

from app.accounts.tables import users
from app.database import metadata

households = Table(
    "households",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", String(100), nullable=False),
    Column(
        "leader_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("invite_code", String(32), nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)

household_members = Table(
    "household_members",
    metadata,
    # One lives in one household.
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True),
    Column(
        "household_id",
        Uuid,
        ForeignKey(households.c.id, ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("joined_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
)
