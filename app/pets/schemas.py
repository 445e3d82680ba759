"""What a pet looks like from outside."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
# PostgreSQL's text cannot hold a NUL, so it is refused at the door.
ShortText = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$", strip_whitespace=True),
]
LongText = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]


class PetType(StrEnum):
    """Kinds of animals that shelters list."""

    DOG = "dog"
    CAT = "cat"
    RABBIT = "rabbit"
    GUINEA_PIG = "guinea_pig"
    BIRD = "bird"


class Gender(StrEnum):
    """A pet's gender, as far as the shelter knows."""

    MALE = "male"
    FEMALE = "female"
    UNKNOWN = "unknown"


class Size(StrEnum):
    """A pet's adult size."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"
    EXTRA_LARGE = "extra_large"


class NewPet(BaseModel):
    """A pet that a shelter lists."""

    name: ShortText
    pet_type: PetType
    breed: ShortText
    age_months: Annotated[int, Field(ge=0, le=600)]
    gender: Gender
    size: Size
    latitude: Latitude
    longitude: Longitude
    description: LongText = ""
    auto_match: bool = False


class Card(BaseModel):
    """A pet as it appears in a deck."""

    id: UUID
    name: str
    pet_type: PetType
    breed: str
    age_months: int
    gender: Gender
    size: Size
    latitude: float
    longitude: float
    description: str


class Pet(Card):
    """A pet as it appears on its own page."""

    owner_id: UUID
    auto_match: bool
    is_available: bool


class PetPage(BaseModel):
    """A page of pets; `next_cursor` continues behind the last one."""

    items: list[Pet]
    next_cursor: str | None
