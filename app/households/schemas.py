"""Bodies of the household routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, StringConstraints

from app.texts import short_text


class NewHousehold(BaseModel):
    """A household that somebody founds."""

    name: Annotated[str, short_text(100)]


class Invitation(BaseModel):
    """The code that a member has passed on; how it is spaced and cased does not matter."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Household(BaseModel):
    """A household as its members see it; who has the invite code can join."""

    id: UUID
    name: str
    leader_id: UUID
    invite_code: str
    created_at: datetime
    member_ids: list[UUID]


class Member(BaseModel):
    """Somebody of the household."""

    user_id: UUID
    display_name: str
    is_leader: bool
    joined_at: datetime


class Members(BaseModel):
    """Everybody of the household, the longest member first."""

    items: list[Member]
