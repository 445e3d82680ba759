from __future__ import annotations

import re
import shutil
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from app.animals import PetType, Size
from app.seed.lists import (
    FOLDER,
    PET_TYPES,
    SIZES,
    SeedFileError,
    load_breeds,
    load_names,
    load_places,
)

if TYPE_CHECKING:
    from pathlib import Path

LOADERS = {"breeds.csv": load_breeds, "shelters.csv": load_places, "names.csv": load_names}
BREEDS = "pet_type,breed,size,adult_months,life_months,weight"
SHELTERS = "name,city,state,latitude,longitude"


def test_the_lists_are_as_rich_as_promised() -> None:
    breeds = Counter(breed.pet_type for breed in load_breeds())
    least = {"dog": 120, "cat": 45, "rabbit": 15, "guinea_pig": 8, "bird": 6}
    assert all(breeds[kind] >= count for kind, count in least.items())
    assert len(load_names()) >= 250


def test_the_lists_use_the_words_of_the_api() -> None:
    assert set(PET_TYPES) == set(PetType)
    assert set(SIZES) == set(Size)


def test_every_breed_grows_up_before_it_grows_old() -> None:
    for breed in load_breeds():
        assert 0 < breed.adult_months * 3 < breed.life_months * 2


def test_the_lists_are_sorted_so_that_changes_are_easy_to_review() -> None:
    order = [(PET_TYPES.index(breed.pet_type), breed.breed) for breed in load_breeds()]
    assert all(first < second for first, second in pairwise(order))
    assert list(load_names()) == sorted(load_names())


def refusal(folder: Path, file: str) -> str:
    with pytest.raises(SeedFileError) as caught:
        LOADERS[file](folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("fish,Beagle,medium,12,180,30", "pet_type is 'fish'; write one of dog, cat"),
        ("dog,,medium,12,180,30", "breed is ''; write 1 to 100 characters"),
        ("dog, Beagle,medium,12,180,30", "breed is ' Beagle'; write 1 to 100 characters"),
        ("dog,Beagle,huge,12,180,30", "size is 'huge'; write one of small, medium"),
        (
            "dog,Beagle,medium,180,180,30",
            "adult_months is '180'; write a whole number from 1 to 179",
        ),
        ("dog,Beagle,medium,12,601,30", "life_months is '601'; write a whole number from 2 to 600"),
        ("dog,Beagle,medium,12,15y,30", "life_months is '15y'; write a whole number"),
        ("dog,Beagle,medium,12,180,0", "weight is '0'; write a whole number from 1"),
        ("dog,Beagle,medium,12,180,1.5", "weight is '1.5'; write a whole number from 1"),
        ("dog,Beagle,medium,12,180", "it has 5 cells; write 6: pet_type,breed"),
        ("dog,Beagle,medium,12,180,30,", "it has 7 cells; write 6: pet_type,breed"),
        ("", "it has 0 cells; write 6: pet_type,breed"),
        ("dog,boxer,medium,12,180,30", "'dog, boxer' is already on line 2; write every one once"),
        ('dog,"Beagle,medium,12,180,30', "unexpected end of data; write plain comma-separated"),
    ],
)
def test_a_wrong_breed_is_reported_with_its_line(tmp_path: Path, row: str, complaint: str) -> None:
    text = f"{BREEDS}\ndog,Boxer,medium,12,132,22\n{row}\n"
    (tmp_path / "breeds.csv").write_text(text)
    assert refusal(tmp_path, "breeds.csv").startswith(f"breeds.csv, line 3: {complaint}")


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("Animal Center,Austin,Texas,30.2672,-97.7431", "state is 'Texas'; write two capital"),
        ("Animal Center,Austin,TX,north,-97.7431", "latitude is 'north'; write degrees from 18.0"),
        ("Animal Center,Austin,TX,nan,-97.7431", "latitude is 'nan'; write degrees from 18.0"),
        ("Animal Center,Austin,TX,-97.7431,30.2672", "latitude is '-97.7431'; write degrees"),
        ("Animal Center,Austin,TX,30.2672,97.7431", "longitude is '97.7431'; write degrees"),
        ("Animal Center,,TX,30.2672,-97.7431", "city is ''; write 1 to 100 characters"),
    ],
)
def test_a_wrong_shelter_is_reported_with_its_line(
    tmp_path: Path, row: str, complaint: str
) -> None:
    (tmp_path / "shelters.csv").write_text(f"{SHELTERS}\n{row}\n")
    assert refusal(tmp_path, "shelters.csv").startswith(f"shelters.csv, line 2: {complaint}")


@pytest.mark.parametrize("file", LOADERS)
def test_a_wrong_header_is_reported_with_the_right_one(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("title\nBella\n")
    header = FOLDER.joinpath(file).read_text().splitlines()[0]
    assert refusal(tmp_path, file) == f"{file}, line 1: the header is 'title'; write {header!r}"


@pytest.mark.parametrize("file", LOADERS)
def test_an_empty_file_is_refused(tmp_path: Path, file: str) -> None:
    (tmp_path / file).write_text("")
    assert re.match(f"{file}, line 1: the header is ''; write", refusal(tmp_path, file))


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name\n")
    complaint = "names.csv, line 2: there is nothing below the header; write at least one row"
    assert refusal(tmp_path, "names.csv") == complaint


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_bytes("name\nChloé\n".encode("latin-1"))
    assert refusal(tmp_path, "names.csv") == "names.csv: the text is not UTF-8; save it as UTF-8"


def test_a_pet_type_without_breeds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "breeds.csv").write_text(f"{BREEDS}\ndog,Boxer,medium,12,132,22\n")
    complaint = "breeds.csv, line 2: no breed has the pet_type cat; add at least one"
    assert refusal(tmp_path, "breeds.csv") == complaint


def test_line_ends_of_windows_change_nothing(tmp_path: Path) -> None:
    shutil.copyfile(str(FOLDER.joinpath("names.csv")), tmp_path / "names.csv")
    text = (tmp_path / "names.csv").read_bytes().replace(b"\n", b"\r\n")
    (tmp_path / "names.csv").write_bytes(text)
    assert load_names(tmp_path) == load_names()
