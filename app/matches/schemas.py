"""What a match looks like from outside."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from app.matches.tables import MatchStatus


class Match(BaseModel):
    """A match of the caller with a pet."""

    id: UUID
    pet_id: UUID
    pet_name: str
    status: MatchStatus
    matched_at: datetime
    status_changed_at: datetime


class MatchFeed(BaseModel):
    """The caller's newest matches first."""

    items: list[Match]
