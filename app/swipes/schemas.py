"""Bodies of the routes about swipes and admirers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from pydantic import BaseModel, StringConstraints

MOST_NOTES = 500
# A UUID as everybody writes it; other spellings are for the model to read.
CANONICAL = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z"
NO_NUL = r"^[^\x00]*$"


class NewSwipe(BaseModel):
    """An adopter's decision about a pet."""

    pet_id: UUID
    liked: bool
    notes: Annotated[str, StringConstraints(max_length=MOST_NOTES, pattern=NO_NUL)] | None = None


class PlainSwipe(msgspec.Struct, forbid_unknown_fields=True):
    """What `NewSwipe` takes, and less: the rest is for that to take or to refuse."""

    pet_id: Annotated[str, msgspec.Meta(pattern=CANONICAL)]
    liked: bool
    notes: Annotated[str, msgspec.Meta(max_length=MOST_NOTES, pattern=NO_NUL)] | None = None


class Swipe(BaseModel):
    """A stored decision; `match_id` says that it made a match."""

    id: UUID
    pet_id: UUID
    liked: bool
    notes: str | None
    created_at: datetime
    match_id: UUID | None


class SwipeAnswer(msgspec.Struct):
    """A `Swipe` that is written, byte for byte alike, by the hot path."""

    id: str
    pet_id: str
    liked: bool
    notes: str | None
    created_at: datetime
    match_id: UUID | None


class SwipeHistory(BaseModel):
    """The caller's newest swipes first; `next_cursor` continues behind the last one."""

    items: list[Swipe]
    next_cursor: str | None


class Admirer(BaseModel):
    """Somebody who likes a pet; `interested` is the owner's answer, if there is one."""

    user_id: UUID
    display_name: str
    avatar_url: str | None
    liked_at: datetime
    notes: str | None
    interested: bool | None


class AdmirerPage(BaseModel):
    """The newest likes of a pet first; `next_cursor` continues behind the last one."""

    items: list[Admirer]
    next_cursor: str | None
