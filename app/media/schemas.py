"""Answers to uploads."""

from __future__ import annotations

from uuid import UUID

from pydantic import BaseModel


class Uploaded(BaseModel):
    """A picture that is stored, as it is stored: not the bytes that were sent."""

    id: UUID
    url: str
    content_type: str
    bytes: int
    width: int
    height: int


class Avatar(BaseModel):
    """Where the caller's picture is."""

    url: str
