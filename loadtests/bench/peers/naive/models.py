"""The tables as declarative models with relationships; the service's migrations make them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Double, FetchedValue, ForeignKey, Text, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """What all models share."""

    type_annotation_map = {  # noqa: RUF012  # SQLAlchemy's own way to say it
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        float: Double,
        str: Text,
    }


class User(Base):
    """An account."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    email: Mapped[str]
    password_hash: Mapped[str]
    display_name: Mapped[str]
    role: Mapped[str]
    avatar_url: Mapped[str | None]
    is_active: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]

    pets: Mapped[list["Pet"]] = relationship(back_populates="owner")
    swipes: Mapped[list["Swipe"]] = relationship(back_populates="user")
    sessions: Mapped[list["LoginSession"]] = relationship(back_populates="user")
    preferences: Mapped["Preferences | None"] = relationship(back_populates="user")


class LoginSession(Base):
    """One log-in."""

    __tablename__ = "sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(back_populates="sessions")


class Preferences(Base):
    """What an adopter looks for."""

    __tablename__ = "preferences"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    pet_type: Mapped[str | None]
    size: Mapped[str | None]
    age_months_min: Mapped[int | None]
    age_months_max: Mapped[int | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    radius_km: Mapped[float | None]

    user: Mapped[User] = relationship(back_populates="preferences")


class Pet(Base):
    """A pet that can be adopted."""

    __tablename__ = "pets"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    name: Mapped[str]
    pet_type: Mapped[str]
    breed: Mapped[str]
    age_months: Mapped[int]
    gender: Mapped[str]
    size: Mapped[str]
    latitude: Mapped[float]
    longitude: Mapped[float]
    description: Mapped[str]
    photo_url: Mapped[str | None]
    auto_match: Mapped[bool]
    is_available: Mapped[bool]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    deleted_at: Mapped[datetime | None]

    owner: Mapped[User] = relationship(back_populates="pets")
    swipes: Mapped[list["Swipe"]] = relationship(back_populates="pet")


class Swipe(Base):
    """A decision of an adopter about a pet."""

    __tablename__ = "swipes"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    pet_id: Mapped[UUID] = mapped_column(ForeignKey("pets.id"))
    liked: Mapped[bool]
    notes: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    user: Mapped[User] = relationship(back_populates="swipes")
    pet: Mapped[Pet] = relationship(back_populates="swipes")


class Interest(Base):
    """What adopter and owner think of each other."""

    __tablename__ = "interests"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), primary_key=True)
    pet_id: Mapped[UUID] = mapped_column(ForeignKey("pets.id"), primary_key=True)
    liked_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    interested: Mapped[bool | None]


class Match(Base):
    """An adopter and a pet that belong together."""

    __tablename__ = "matches"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    pet_id: Mapped[UUID] = mapped_column(ForeignKey("pets.id"))
    status: Mapped[str] = mapped_column(default="pending")
    matched_at: Mapped[datetime] = mapped_column(server_default=func.now())
    status_changed_at: Mapped[datetime] = mapped_column(server_default=func.now())

    user: Mapped[User] = relationship()
    pet: Mapped[Pet] = relationship()


class OutboxEvent(Base):
    """Something that a user is to be told; PostgreSQL fills in what is not here."""

    __tablename__ = "outbox"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    position: Mapped[int] = mapped_column(server_default=FetchedValue())
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]

    user: Mapped[User] = relationship()
