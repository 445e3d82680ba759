"""Where shelters are and how to reach them."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, String, Table, Text, Uuid, text

from app.accounts.tables import users
from app.database import metadata

shelters = Table(
    "shelters",
    metadata,
    Column("user_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("city", String(100), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("phone", String(40)),
    Column("website", Text),
    Index("ix_shelters_location", text("point(longitude, latitude)"), postgresql_using="gist"),
)
