from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import FrozenInstanceError, asdict, replace
from datetime import timedelta

import pytest

from app.animals import Gender
from app.seed.catalogue import (
    FEMALE_COATS,
    JITTER_DEGREES,
    LISTED_DAYS,
    MOST_PETS,
    REFERENCE,
    Catalogue,
    build_catalogue,
)
from app.seed.lists import PET_TYPES, SeedFileError, load_breeds, load_places
from app.seed.phrases import NEEDS, NOUNS, STAGES, TRAITS

GOLDEN = "68549fc147d981d83b215773bbbda54ecca45b71f6889aafe9a775c351e489b1"
ROUNDING = 1e-9


def digest(catalogue: Catalogue) -> str:
    text = json.dumps(asdict(catalogue), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return build_catalogue()


def test_the_same_arguments_give_the_same_catalogue(catalogue: Catalogue) -> None:
    assert digest(build_catalogue()) == digest(catalogue)


def test_the_default_catalogue_is_the_pinned_one(catalogue: Catalogue) -> None:
    assert digest(catalogue) == GOLDEN


def test_another_seed_gives_other_animals_in_the_same_shelters(catalogue: Catalogue) -> None:
    other = build_catalogue(seed=1)
    assert other.shelters == catalogue.shelters
    assert other.pets != catalogue.pets


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one(catalogue: Catalogue) -> None:
    assert build_catalogue(pets=100).pets == catalogue.pets[:100]


def test_the_default_catalogue_is_large_enough_to_demonstrate(catalogue: Catalogue) -> None:
    assert len(catalogue.pets) >= 2000
    assert len(catalogue.shelters) >= 60


def test_every_id_and_address_is_unique(catalogue: Catalogue) -> None:
    ids = [shelter.id for shelter in catalogue.shelters] + [pet.id for pet in catalogue.pets]
    assert len(set(ids)) == len(ids)
    addresses = {shelter.email for shelter in catalogue.shelters}
    assert len(addresses) == len(catalogue.shelters)


def test_every_address_is_short_enough_and_in_the_reserved_domain(catalogue: Catalogue) -> None:
    for shelter in catalogue.shelters:
        local, _, domain = shelter.email.partition("@")
        assert domain == "shelters.petswipe.example"
        assert 0 < len(local) <= 64
        assert local.replace("-", "").isalnum()
        assert local.isascii()


def test_shelters_that_would_share_an_address_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = load_places()[0]
    again = replace(first, name=first.name.upper() + "!")
    monkeypatch.setattr("app.seed.catalogue.load_places", lambda: (first, again))
    with pytest.raises(SeedFileError, match=r"^shelters\.csv: .* share one e-mail address; tell"):
        build_catalogue(pets=1)


def test_austin_has_the_address_that_the_documentation_shows(catalogue: Catalogue) -> None:
    austin = next(shelter for shelter in catalogue.shelters if shelter.city == "Austin")
    assert austin.email == "austin-animal-center@shelters.petswipe.example"


def test_every_shelter_has_pets_and_every_pet_a_shelter(catalogue: Catalogue) -> None:
    assert {pet.shelter_id for pet in catalogue.pets} == {s.id for s in catalogue.shelters}


def test_every_pet_is_close_to_its_shelter(catalogue: Catalogue) -> None:
    shelters = {shelter.id: shelter for shelter in catalogue.shelters}
    for pet in catalogue.pets:
        home = shelters[pet.shelter_id]
        assert abs(pet.latitude - home.latitude) <= JITTER_DEGREES + ROUNDING
        assert abs(pet.longitude - home.longitude) <= JITTER_DEGREES + ROUNDING


def test_every_pet_has_a_breed_of_its_type_with_its_size_and_age(catalogue: Catalogue) -> None:
    breeds = {(breed.pet_type, breed.breed): breed for breed in load_breeds()}
    for pet in catalogue.pets:
        breed = breeds[pet.pet_type, pet.breed]
        assert pet.size == breed.size
        assert 2 <= pet.age_months <= breed.life_months


def test_a_description_calls_only_grown_animals_adult_or_senior(catalogue: Catalogue) -> None:
    breeds = {(breed.pet_type, breed.breed): breed for breed in load_breeds()}
    for pet in catalogue.pets:
        grown = pet.age_months >= breeds[pet.pet_type, pet.breed].adult_months
        assert grown != (f" a young {pet.breed}" in pet.description)


def test_every_description_is_one_or_two_sentences_about_the_pet(catalogue: Catalogue) -> None:
    for pet in catalogue.pets:
        assert pet.name in pet.description
        assert pet.breed in pet.description
        assert pet.description.endswith(".")
        assert 1 <= pet.description.count(".") <= 2
        assert "{" not in pet.description


def test_descriptions_hardly_ever_repeat(catalogue: Catalogue) -> None:
    assert len({pet.description for pet in catalogue.pets}) > 0.98 * len(catalogue.pets)


def test_there_are_phrases_for_every_type_at_every_stage() -> None:
    assert set(TRAITS) == {(kind, stage) for kind in PET_TYPES for stage in STAGES}
    assert set(NEEDS) == set(NOUNS) == set(PET_TYPES)
    assert all(len(set(options)) == len(options) for options in TRAITS.values())


def test_every_pet_was_listed_in_the_days_before_the_reference(catalogue: Catalogue) -> None:
    for pet in catalogue.pets:
        assert pet.created_at.utcoffset() == timedelta(0)
        assert timedelta(0) < REFERENCE - pet.created_at <= timedelta(days=LISTED_DAYS)


def test_only_small_animals_have_an_unknown_gender(catalogue: Catalogue) -> None:
    assert {pet.gender for pet in catalogue.pets} == set(Gender)
    unknown = [pet for pet in catalogue.pets if pet.gender == "unknown"]
    assert {pet.pet_type for pet in unknown} <= {"rabbit", "guinea_pig", "bird"}
    assert len(unknown) < 0.05 * len(catalogue.pets)


def test_calico_and_tortoiseshell_cats_are_female(catalogue: Catalogue) -> None:
    cats = [pet for pet in catalogue.pets if pet.breed in FEMALE_COATS]
    assert cats
    assert {cat.gender for cat in cats} == {"female"}


def test_types_and_automatic_matches_have_the_shares_of_a_shelter(catalogue: Catalogue) -> None:
    types = Counter(pet.pet_type for pet in catalogue.pets)
    total = len(catalogue.pets)
    assert types["dog"] / total == pytest.approx(0.55, abs=0.03)
    assert types["cat"] / total == pytest.approx(0.38, abs=0.03)
    assert set(types) == set(PET_TYPES)
    matches = sum(pet.auto_match for pet in catalogue.pets)
    assert matches / total == pytest.approx(0.25, abs=0.03)


def test_shelter_animals_are_mostly_young(catalogue: Catalogue) -> None:
    ages = sorted(pet.age_months for pet in catalogue.pets)
    assert ages[len(ages) // 2] < 36
    assert ages[-1] > 120


def test_the_common_breeds_dominate(catalogue: Catalogue) -> None:
    cats = Counter(pet.breed for pet in catalogue.pets if pet.pet_type == "cat")
    assert cats.most_common(1)[0][0] == "Domestic Shorthair"
    dogs = Counter(pet.breed for pet in catalogue.pets if pet.pet_type == "dog")
    leading = {breed for breed, _ in dogs.most_common(3)}
    assert leading == {"Labrador Retriever Mix", "Pit Bull Mix", "Chihuahua Mix"}


def test_a_pet_cannot_be_changed(catalogue: Catalogue) -> None:
    with pytest.raises(FrozenInstanceError):
        catalogue.pets[0].name = "Rex"  # type: ignore[misc]  # what the test is about


@pytest.mark.parametrize("pets", [0, -1, MOST_PETS + 1])
def test_a_number_of_pets_out_of_range_is_refused(pets: int) -> None:
    with pytest.raises(ValueError, match=f"^pets is {pets}; ask for 1 to 200_000 pets$"):
        build_catalogue(pets=pets)


def test_one_pet_is_enough_for_a_catalogue() -> None:
    assert len(build_catalogue(pets=1).pets) == 1
