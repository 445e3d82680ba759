"""Pets that can be adopted."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    func,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import TSVECTOR

from app.accounts.tables import users
from app.animals import Gender, PetType, Size
from app.database import metadata


def _one_of(column: str, values: type[PetType | Gender | Size]) -> CheckConstraint:
    choices = ", ".join(repr(str(value)) for value in values)
    return CheckConstraint(f"{column} IN ({choices})", name=column)


# What a search for words looks at; the index and every query must say it alike. The brackets are
# those of PostgreSQL itself, which a comparison of the schema with this needs.
pets_text = literal_column(
    "to_tsvector('english',"
    " (((((name || ' ') || breed) || ' ') || pet_type) || ' ') || description)",
    TSVECTOR,
)

pets = Table(
    "pets",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column(
        "owner_id", Uuid, ForeignKey(users.c.id, ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("name", String(100), nullable=False),
    Column("pet_type", String(16), nullable=False),
    Column("breed", String(100), nullable=False),
    Column("age_months", Integer, nullable=False),
    Column("gender", String(16), nullable=False),
    Column("size", String(16), nullable=False),
    Column("latitude", Float, nullable=False),
    Column("longitude", Float, nullable=False),
    Column("description", Text, nullable=False),
    Column("photo_url", Text),
    # A place in an order that nobody knows: a deck starts anywhere in it and reads on, where
    # `ORDER BY random()` would read and sort every pet.
    Column("shuffle", Double, nullable=False, server_default=text("random()")),
    Column("auto_match", Boolean, nullable=False, server_default=text("false")),
    Column("is_available", Boolean, nullable=False, server_default=text("true")),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("deleted_at", DateTime(timezone=True)),
    _one_of("pet_type", PetType),
    _one_of("gender", Gender),
    _one_of("size", Size),
    CheckConstraint("age_months BETWEEN 0 AND 600", name="age_months"),
    CheckConstraint("latitude BETWEEN -90 AND 90", name="latitude"),
    CheckConstraint("longitude BETWEEN -180 AND 180", name="longitude"),
    Index("ix_pets_pet_type", "pet_type"),
    Index(
        "ix_pets_location",
        text("point(longitude, latitude)"),
        postgresql_using="gist",
        postgresql_where=text("is_available AND deleted_at IS NULL"),
    ),
    Index("ix_pets_available", "id", postgresql_where=text("is_available AND deleted_at IS NULL")),
    Index("ix_pets_deck", "shuffle", postgresql_where=text("is_available AND deleted_at IS NULL")),
    Index(
        "ix_pets_deck_by_type",
        "pet_type",
        "shuffle",
        postgresql_where=text("is_available AND deleted_at IS NULL"),
    ),
    Index(
        "ix_pets_text",
        pets_text,
        postgresql_using="gin",
        postgresql_where=text("is_available AND deleted_at IS NULL"),
    ),
)

adoptable = pets.c.is_available & pets.c.deleted_at.is_(None)
