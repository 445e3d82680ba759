"""Every table of the service, for migrations and counts."""

from __future__ import annotations

from app.accounts.tables import users
from app.database import metadata
from app.matches.tables import matches
from app.pets.tables import pets
from app.swipes.tables import swipes

__all__ = ["matches", "metadata", "pets", "swipes", "users"]
