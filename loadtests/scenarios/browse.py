"""Browsing: list pets by a filter, page on, open some, and see which shelters are near."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.telemetry.catalog import LOG_IN, PET_LIST, PET_READ, SHELTER_LIST
from loadtests.scenarios.answers import items, number, text
from loadtests.scenarios.model import Call, Scenario, call
from loadtests.scenarios.people import log_in, signed_in

if TYPE_CHECKING:
    from collections.abc import Generator
    from typing import Any

    from loadtests.scenarios.model import Person, Reply, Script

# Most come for a dog or a cat, as in the shelters; one in ten does not care.
KINDS = ("dog", "cat", "rabbit", "")
KIND_WEIGHTS = (50, 35, 5, 10)
SIZES = ("small", "medium", "large", "")
# Few scroll further, and a page of a phone shows so many.
PAGES = 3
PETS_A_PAGE = 20
# Pictures of a page that make somebody curious.
OPENED = 2
# About an hour by car.
RADIUS_KM = 80


def browse(person: Person) -> Script:
    """Look through pages of pets, then for the same kind of pets and shelters near one of them."""
    (kind,) = person.chance.choices(KINDS, KIND_WEIGHTS)
    size = person.chance.choice(SIZES)
    wanted = {"pet_type": kind, "size": size, "limit": str(PETS_A_PAGE)}
    wanted = {name: value for name, value in wanted.items() if value}
    favourite = yield from _page_on(person, wanted)
    latitude, longitude = number(favourite, "latitude"), number(favourite, "longitude")
    if latitude is None or longitude is None:
        return
    near = {"latitude": f"{latitude}", "longitude": f"{longitude}", "radius_km": f"{RADIUS_KM}"}
    yield Call(PET_LIST, query={**wanted, **near})
    yield Call(SHELTER_LIST, query=near)


def _page_on(person: Person, wanted: dict[str, str]) -> Generator[Call, Reply, dict[str, Any]]:
    """Open some pets of every page, and return the last one."""
    favourite: dict[str, Any] = {}
    cursor = ""
    for _ in range(PAGES):
        page = yield Call(PET_LIST, query={**wanted, "cursor": cursor} if cursor else wanted)
        pets = items(page.document)
        for pet in person.chance.sample(pets, min(OPENED, len(pets))):
            yield call(PET_READ, pet_id=text(pet, "id"))
            favourite = pet
        cursor = text(page.document, "next_cursor")
        if not cursor:
            break
    return favourite


BROWSE = Scenario(
    name="browse",
    description="Adopters page through filtered pets, open some and look for shelters near.",
    operations=(LOG_IN, PET_LIST, PET_READ, SHELTER_LIST),
    slos=("login-availability", "api-availability"),
    prepare=log_in,
    act=signed_in(log_in, browse),
)
