"""What a pet looks like from outside."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints, model_validator

from app.animals import AgeMonths, Gender, PetType, Size
from app.geo import Latitude, Longitude
from app.texts import NO_NUL, short_text

# Neither `true` nor `"30"` is a number in JSON.
Strict = Field(strict=True)
Months = Annotated[int, Field(ge=0, le=600)]
Choice = Annotated[bool, Strict]
Name = Annotated[str, short_text(100)]
LongText = Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)]


class NewPet(BaseModel):
    """A pet that a shelter lists."""

    name: Name
    pet_type: PetType
    breed: Name
    age_months: AgeMonths
    gender: Gender
    size: Size
    latitude: Annotated[Latitude, Strict]
    longitude: Annotated[Longitude, Strict]
    description: LongText = ""
    auto_match: Choice = False


class PetLine(NewPet):
    """A pet in a line of a CSV file, where everything is text."""

    age_months: Months
    latitude: Latitude
    longitude: Longitude
    auto_match: bool = False


class RowError(BaseModel):
    """What is wrong with a line; `field` is none when it is the line as such."""

    line: int
    field: str | None
    problem: str


class Imported(BaseModel):
    """How many lines of a file became pets, and the first hundred things that were wrong."""

    imported: int
    failed: int
    errors: list[RowError]


class PetChange(BaseModel):
    """What changes about a pet; what is left out stays."""

    name: Name | None = None
    pet_type: PetType | None = None
    breed: Name | None = None
    age_months: AgeMonths | None = None
    gender: Gender | None = None
    size: Size | None = None
    latitude: Annotated[Latitude, Strict] | None = None
    longitude: Annotated[Longitude, Strict] | None = None
    description: LongText | None = None
    auto_match: Choice | None = None
    is_available: Choice | None = None


class PetFilter(BaseModel):
    """Which pets to list; a place is all three of latitude, longitude and radius_km."""

    pet_type: PetType | None = None
    breed: Name | None = None
    gender: Gender | None = None
    size: Size | None = None
    age_months_min: Months | None = None
    age_months_max: Months | None = None
    latitude: Latitude | None = None
    longitude: Longitude | None = None
    radius_km: Annotated[float, Field(ge=1, le=500, allow_inf_nan=False)] | None = None
    cursor: UUID | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    @model_validator(mode="after")
    def refuse_half_a_place(self) -> Self:
        """Refuse what could only be guessed at."""
        given = [value is not None for value in (self.latitude, self.longitude, self.radius_km)]
        if any(given) and not all(given):
            raise ValueError("give latitude, longitude and radius_km together, or none of them")
        if (
            self.age_months_min is not None
            and self.age_months_max is not None
            and self.age_months_min > self.age_months_max
        ):
            raise ValueError("age_months_min must not be more than age_months_max")
        return self


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
    photo_url: str | None


class Pet(Card):
    """A pet as it appears on its own page."""

    owner_id: UUID
    auto_match: bool
    is_available: bool


class PetPage(BaseModel):
    """A page of pets; `next_cursor` continues behind the last one."""

    items: list[Pet]
    next_cursor: UUID | None
