"""The demo catalogue: real breeds and shelters, invented animals, the same ones every time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING
from uuid import NAMESPACE_DNS, UUID, uuid5

from app.seed.draw import Draw
from app.seed.lists import SeedFileError, load_breeds, load_names, load_places
from app.seed.phrases import NEEDS, NOUNS, OPENINGS, STAGES, TRAITS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.seed.lists import Breed, Place

MOST_PETS = 200_000
DEFAULT_PETS = 2400
DEFAULT_SEED = 20_261_121
# A fixed day: a catalogue that followed the clock would not be reproducible.
REFERENCE = datetime(2026, 11, 1, tzinfo=UTC)
LISTED_DAYS = 120
JITTER_DEGREES = 0.05
YOUNGEST_MONTHS = 2
DOMAIN = "shelters.petswipe.example"
NAMESPACE = uuid5(NAMESPACE_DNS, DOMAIN)

# Shares in thousandths.
TYPE_SHARES = {"dog": 550, "cat": 380, "rabbit": 35, "guinea_pig": 20, "bird": 15}
TYPES = tuple(TYPE_SHARES)
TYPE_TOTALS = tuple(accumulate(TYPE_SHARES.values()))
# Litters make shelter cats younger than shelter dogs.
AGE_SKEW = {"dog": 3, "cat": 4, "rabbit": 3, "guinea_pig": 3, "bird": 3}
# Sexing is routine for dogs and cats, and hard for the small ones.
UNKNOWN_GENDER_SHARE = {"dog": 0.0, "cat": 0.0, "rabbit": 0.08, "guinea_pig": 0.08, "bird": 0.25}
# These coats take two X chromosomes.
FEMALE_COATS = {"Calico", "Dilute Calico", "Dilute Tortoiseshell", "Torbie", "Tortoiseshell"}
AUTO_MATCH_SHARE = 0.25
SECOND_SENTENCE_SHARE = 0.8
SENIOR_FROM = 2 / 3


@dataclass(frozen=True, slots=True)
class SeedShelter:
    """A shelter of the demo catalogue."""

    id: UUID
    name: str
    city: str
    state: str
    latitude: float
    longitude: float
    email: str


@dataclass(frozen=True, slots=True)
class SeedPet:
    """A pet of the demo catalogue; age_months is its age when it was listed."""

    id: UUID
    shelter_id: UUID
    name: str
    pet_type: str
    breed: str
    age_months: int
    gender: str
    size: str
    latitude: float
    longitude: float
    description: str
    auto_match: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every shelter and pet of the demo."""

    shelters: tuple[SeedShelter, ...]
    pets: tuple[SeedPet, ...]


class _Weighted:
    """Breeds of one pet type with the running totals of their weights."""

    def __init__(self, breeds: Iterable[Breed]) -> None:
        self.breeds = tuple(breeds)
        self.totals = tuple(accumulate(breed.weight for breed in self.breeds))


@dataclass(frozen=True, slots=True)
class _Stock:
    """What a pet is drawn from."""

    shelters: tuple[SeedShelter, ...]
    names: tuple[str, ...]
    breeds: dict[str, _Weighted]


def build_catalogue(pets: int = DEFAULT_PETS, seed: int = DEFAULT_SEED) -> Catalogue:
    """Build the demo catalogue; the same arguments give the same result on every machine.

    With the same seed, a smaller catalogue is the beginning of a larger one. Raises ValueError
    for a number of pets that is out of range and SeedFileError for a broken list.
    """
    if not 1 <= pets <= MOST_PETS:
        msg = f"pets is {pets}; ask for 1 to {MOST_PETS:_} pets"
        raise ValueError(msg)
    breeds = load_breeds()
    stock = _Stock(
        shelters=_shelters(load_places()),
        names=load_names(),
        breeds={
            kind: _Weighted(breed for breed in breeds if breed.pet_type == kind) for kind in TYPES
        },
    )
    draw = Draw(seed)
    return Catalogue(stock.shelters, tuple(_pet(draw, stock, index) for index in range(pets)))


def _shelters(places: tuple[Place, ...]) -> tuple[SeedShelter, ...]:
    shelters: dict[str, SeedShelter] = {}
    for place in places:
        # From the name, so that a new line in the file leaves the other shelters' ids alone.
        slug = re.sub(r"[^a-z0-9]+", "-", place.name.lower().replace("'", "")).strip("-")
        if slug in shelters:
            msg = f"shelters.csv: {place.name!r} and {shelters[slug].name!r} share one e-mail"
            raise SeedFileError(msg + " address; tell their names apart by letters or digits")
        shelters[slug] = SeedShelter(
            id=uuid5(NAMESPACE, f"shelter/{slug}"),
            name=place.name,
            city=place.city,
            state=place.state,
            latitude=place.latitude,
            longitude=place.longitude,
            email=f"{slug}@{DOMAIN}",
        )
    return tuple(shelters.values())


def _pet(draw: Draw, stock: _Stock, index: int) -> SeedPet:
    shelter = draw.one_of(stock.shelters)
    kind = draw.weighted(TYPES, TYPE_TOTALS)
    breed = draw.weighted(stock.breeds[kind].breeds, stock.breeds[kind].totals)
    name = draw.one_of(stock.names)
    age_months = _age_months(draw, breed)
    return SeedPet(
        id=uuid5(NAMESPACE, f"pet/{index}"),
        shelter_id=shelter.id,
        name=name,
        pet_type=kind,
        breed=breed.breed,
        age_months=age_months,
        gender=_gender(draw, breed),
        size=breed.size,
        latitude=round(shelter.latitude + draw.within(JITTER_DEGREES), 5),
        longitude=round(shelter.longitude + draw.within(JITTER_DEGREES), 5),
        description=_description(draw, name, breed, age_months),
        auto_match=draw.chance(AUTO_MATCH_SHARE),
        created_at=_created_at(draw),
    )


def _age_months(draw: Draw, breed: Breed) -> int:
    span = breed.life_months - YOUNGEST_MONTHS + 1
    return YOUNGEST_MONTHS + int(draw.skewed(AGE_SKEW[breed.pet_type]) * span)


def _gender(draw: Draw, breed: Breed) -> str:
    if breed.breed in FEMALE_COATS:
        return "female"
    if draw.chance(UNKNOWN_GENDER_SHARE[breed.pet_type]):
        return "unknown"
    return draw.one_of(("female", "male"))


def _description(draw: Draw, name: str, breed: Breed, age_months: int) -> str:
    kind = breed.pet_type
    stage = _stage(breed, age_months)
    animal = f"{STAGES[stage]} {breed.breed}{NOUNS[kind]}"
    trait = draw.one_of(TRAITS[kind, stage])
    sentence = draw.one_of(OPENINGS).format(name=name, animal=animal, trait=trait)
    if not draw.chance(SECOND_SENTENCE_SHARE):
        return sentence
    return f"{sentence} {draw.one_of(NEEDS[kind]).format(name=name)}"


def _stage(breed: Breed, age_months: int) -> str:
    if age_months < breed.adult_months:
        return "young"
    return "senior" if age_months >= breed.life_months * SENIOR_FROM else "adult"


def _created_at(draw: Draw) -> datetime:
    seconds = draw.below(LISTED_DAYS * 24 * 60 * 60)
    return REFERENCE - timedelta(seconds=seconds + 1)
