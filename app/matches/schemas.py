"""What a match looks like from outside."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from app.matches.tables import MatchStatus


class Side(StrEnum):
    """Whose matches: the caller's own as an adopter, or those of the caller's pets."""

    ADOPTER = "adopter"
    OWNER = "owner"


class Match(BaseModel):
    """A match of an adopter with a pet, as both parties see it."""

    id: UUID
    pet_id: UUID
    pet_name: str
    pet_photo_url: str | None
    adopter_id: UUID
    adopter_name: str
    adopter_avatar_url: str | None
    owner_id: UUID
    owner_name: str
    status: MatchStatus
    matched_at: datetime
    status_changed_at: datetime


class MatchFeed(BaseModel):
    """The newest matches first; `next_cursor` continues behind the last one."""

    items: list[Match]
    next_cursor: str | None


class MatchChange(BaseModel):
    """How far a match has come now."""

    status: MatchStatus


class Answer(BaseModel):
    """What a pet's owner thinks of an adopter."""

    interested: bool


class Answered(Answer):
    """The stored answer; `match_id` says that the interest is mutual."""

    match_id: UUID | None
