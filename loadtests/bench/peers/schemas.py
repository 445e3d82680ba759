"""Bodies of the peers, which are those of the service."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class SwipeCreate(BaseModel):
    """An adopter's decision about a pet."""

    pet_id: UUID
    liked: bool
    notes: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\x00]*$")] | None = None


class SwipeRead(BaseModel):
    """A stored decision; `match_id` says that it made a match."""

    id: UUID
    pet_id: UUID
    liked: bool
    notes: str | None
    created_at: datetime
    match_id: UUID | None


class Card(BaseModel):
    """A pet as it appears in a deck."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    pet_type: str
    breed: str
    age_months: int
    gender: str
    size: str
    latitude: float
    longitude: float
    description: str
    photo_url: str | None


class Deck(BaseModel):
    """Pets to decide about; `empty` says that there is none left for now."""

    items: Annotated[list[Card], Field(max_length=100)]
    empty: bool
