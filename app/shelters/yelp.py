"""What Yelp knows about shelters near a point, asked once an hour for each part of the map."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from pydantic import BaseModel, TypeAdapter, ValidationError, field_validator

from app.cache import AWAY, object_key
from app.remote import RemoteError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import SecretStr

    from app.dependencies import Resources
    from app.shelters.schemas import NearbyShelter

LOG = logging.getLogger("app.shelters")
KNOWN_SECONDS = 3600
# A Yelp that is away takes its time from one request in five minutes, not from each.
AWAY_SECONDS = 300
# What Yelp allows.
MOST_METRES = 40_000
MOST_RESULTS = 50
# About a kilometre: enough to find a shelter by, and nobody's address.
PLACES = 2
NEAR_DEGREES = 0.1
MOST_STARS = 5
# Nothing that a browser would run.
PAGE = re.compile(r"https?://[\x21-\x7e]{1,500}")


class _Place(BaseModel):
    latitude: float
    longitude: float


class _Business(BaseModel):
    name: str
    rating: float | None = None
    url: str | None = None
    coordinates: _Place

    @field_validator("rating")
    @classmethod
    def _no_rating(cls, value: float | None) -> float | None:
        return value if value is not None and 0 <= value <= MOST_STARS else None

    @field_validator("url")
    @classmethod
    def _no_page(cls, value: str | None) -> str | None:
        return value if value is not None and PAGE.fullmatch(value) else None


class _Reply(BaseModel):
    businesses: list[_Business]


BUSINESSES = TypeAdapter(list[_Business])


async def enrich(
    held: Resources,
    latitude: float,
    longitude: float,
    radius_km: float,
    shelters: Sequence[NearbyShelter],
) -> None:
    """Add what Yelp knows to the shelters that it knows; adds nothing when it does not answer."""
    key = held.settings.yelp_api_key
    if key is None or not shelters:
        return
    search = {
        "latitude": round(latitude, PLACES),
        "longitude": round(longitude, PLACES),
        "radius": min(int(radius_km * 1000), MOST_METRES),
    }
    by_name: dict[str, list[_Business]] = {}
    for business in await _recall(held, key, search):
        by_name.setdefault(_plain(business.name), []).append(business)
    for shelter in shelters:
        for business in by_name.get(_plain(shelter.name), []):
            if _same_place(shelter, business.coordinates):
                shelter.rating = business.rating
                shelter.review_url = business.url


async def _recall(held: Resources, key: SecretStr, search: Mapping[str, float]) -> list[_Business]:
    name = object_key("yelp", ",".join(map(str, search.values())))
    try:
        found = await held.cache.get(name)
        if found is not None:
            return BUSINESSES.validate_json(found)
    except (*AWAY, ValidationError):
        # As good as nothing.
        pass
    try:
        businesses, seconds = await _ask(held, key, search), KNOWN_SECONDS
    except RemoteError as error:
        LOG.warning("shelters.yelp.failed", extra={"reason": str(error)})
        businesses, seconds = [], AWAY_SECONDS
    try:
        await held.cache.set(name, BUSINESSES.dump_json(businesses), ex=seconds)
    except AWAY:
        return businesses
    return businesses


async def _ask(held: Resources, key: SecretStr, search: Mapping[str, float]) -> list[_Business]:
    reply = await held.remote.ask(
        "yelp",
        "GET",
        held.settings.yelp_url,
        "v3/businesses/search",
        headers={"Authorization": f"Bearer {key.get_secret_value()}"},
        params={**search, "term": "animal shelter", "limit": MOST_RESULTS},
    )
    try:
        return _Reply.model_validate(reply).businesses[:MOST_RESULTS]
    except ValidationError:
        raise RemoteError("an answer of another form") from None


def _plain(name: str) -> str:
    """Compare names without their case, spaces and marks."""
    return re.sub(r"[\W_]+", "", name.casefold())


def _same_place(shelter: NearbyShelter, place: _Place) -> bool:
    return (
        abs(shelter.latitude - place.latitude) < NEAR_DEGREES
        and abs(shelter.longitude - place.longitude) < NEAR_DEGREES
    )
