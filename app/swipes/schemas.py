"""Bodies of the swipe routes."""

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
    """The caller's newest swipes first."""

    items: list[Swipe]
