"""Bodies of the routes about swipes and admirers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints


class NewSwipe(BaseModel):
    """An adopter's decision about a pet."""

    pet_id: UUID
    liked: bool
    notes: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] | None = None


class Swipe(BaseModel):
    """A stored decision; `match_id` says that it made a match."""

    id: UUID
    pet_id: UUID
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
