"""Every table of the service, for migrations and counts."""

from __future__ import annotations

from app.accounts.tables import preferences, refresh_tokens, reset_tokens, sessions, users
from app.audit.tables import audit_log
from app.database import metadata
from app.households.tables import household_members, households
from app.idempotency.tables import idempotency_keys
from app.matches.tables import interests, matches
from app.media.tables import uploads
from app.notifications.tables import channels, notifications
from app.outbox.tables import outbox
from app.pets.tables import pets
from app.shelters.tables import shelters
from app.swipes.tables import swipes

__all__ = [
    "audit_log",
    "channels",
    "household_members",
    "households",
    "idempotency_keys",
    "interests",
    "matches",
    "metadata",
    "notifications",
    "outbox",
    "pets",
    "preferences",
    "refresh_tokens",
    "reset_tokens",
    "sessions",
    "shelters",
    "swipes",
    "uploads",
    "users",
]
