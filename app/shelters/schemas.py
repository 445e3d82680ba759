"""Bodies of the shelter routes."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from app.geo import Latitude, Longitude
from app.texts import short_text

Website = Annotated[
    str,
    StringConstraints(
        max_length=500,
        pattern=r"^https?://[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$",
    ),
]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9(][0-9 ()./-]{2,38}$")]


class ShelterProfile(BaseModel):
    """Where a shelter is and how to reach it."""

    name: Annotated[str, short_text(200)]
    city: Annotated[str, short_text(100)]
    # Neither `true` nor `"30"` is a number in JSON.
    latitude: Annotated[Latitude, Field(strict=True)]
    longitude: Annotated[Longitude, Field(strict=True)]
    phone: Phone | None = None
    website: Website | None = None


class Shelter(BaseModel):
    """A shelter as everybody sees it."""

    id: UUID
    name: str
    city: str
    latitude: float
    longitude: float
    phone: str | None
    website: str | None


class NearbyShelter(Shelter):
    """A shelter near a point; rating and review page come from Yelp, where it knows the shelter."""

    distance_km: float
    available_pets: int
    rating: float | None = None
    review_url: str | None = None


class NearbyShelters(BaseModel):
    """The nearest first."""

    items: list[NearbyShelter]
