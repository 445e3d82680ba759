"""The lists that the demo catalogue is drawn from: CSV files, checked row by row."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

FOLDER = files("app.seed")

PET_TYPES = ("dog", "cat", "rabbit", "guinea_pig", "bird")
SIZES = ("small", "medium", "large", "extra_large")
# What the API's tables hold.
LONGEST_TEXT = 100
OLDEST_MONTHS = 600
# The fifty states lie inside.
LATITUDES = (18.0, 72.0)
LONGITUDES = (-180.0, -66.0)
STATE_LETTERS = 2


class SeedFileError(ValueError):
    """A seed file is wrong; the text is one sentence with file, line and what would be right."""


@dataclass(frozen=True, slots=True)
class Breed:
    """A breed as a line of breeds.csv; life_months is an age that few animals of it pass."""

    pet_type: str
    breed: str
    size: str
    adult_months: int
    life_months: int
    weight: int


@dataclass(frozen=True, slots=True)
class Place:
    """A shelter as a line of shelters.csv."""

    name: str
    city: str
    state: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a seed file, with readers that know how to complain."""

    file: str
    line: int
    cells: dict[str, str]

    def refuse(self, problem: str) -> NoReturn:
        """Raise the error that points at this line."""
        msg = f"{self.file}, line {self.line}: {problem}"
        raise SeedFileError(msg)

    def text(self, column: str) -> str:
        """Read a short text without spaces around it."""
        value = self.cells[column]
        if not value or value != value.strip() or len(value) > LONGEST_TEXT:
            rule = f"1 to {LONGEST_TEXT} characters without spaces around them"
            self.refuse(f"{column} is {value!r}; write {rule}")
        return value

    def choice(self, column: str, options: tuple[str, ...]) -> str:
        """Read one of the options."""
        value = self.cells[column]
        if value not in options:
            self.refuse(f"{column} is {value!r}; write one of {', '.join(options)}")
        return value

    def count(self, column: str, low: int, high: int) -> int:
        """Read a whole number between low and high."""
        value = self.cells[column]
        # isdecimal() alone also takes the digits of other scripts.
        number = int(value) if value.isascii() and value.isdecimal() else -1
        if not low <= number <= high:
            self.refuse(f"{column} is {value!r}; write a whole number from {low} to {high}")
        return number

    def degrees(self, column: str, limits: tuple[float, float]) -> float:
        """Read a coordinate between the limits."""
        value = self.cells[column]
        low, high = limits
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not low <= number <= high:
            self.refuse(f"{column} is {value!r}; write degrees from {low} to {high}")
        return number


def load_breeds(folder: Traversable = FOLDER) -> tuple[Breed, ...]:
    """Read breeds.csv; raises SeedFileError for the first wrong line."""
    columns = ("pet_type", "breed", "size", "adult_months", "life_months", "weight")
    rows = _rows(folder, "breeds.csv", columns)
    _refuse_repeats(rows, ("pet_type", "breed"))
    breeds = tuple(_breed(row) for row in rows)
    missing = [kind for kind in PET_TYPES if all(breed.pet_type != kind for breed in breeds)]
    if missing:
        rows[-1].refuse(f"no breed has the pet_type {missing[0]}; add at least one")
    return breeds


def load_places(folder: Traversable = FOLDER) -> tuple[Place, ...]:
    """Read shelters.csv; raises SeedFileError for the first wrong line."""
    rows = _rows(folder, "shelters.csv", ("name", "city", "state", "latitude", "longitude"))
    _refuse_repeats(rows, ("name",))
    return tuple(_place(row) for row in rows)


def load_names(folder: Traversable = FOLDER) -> tuple[str, ...]:
    """Read names.csv; raises SeedFileError for the first wrong line."""
    rows = _rows(folder, "names.csv", ("name",))
    _refuse_repeats(rows, ("name",))
    return tuple(row.text("name") for row in rows)


def _breed(row: Row) -> Breed:
    life_months = row.count("life_months", 2, OLDEST_MONTHS)
    return Breed(
        pet_type=row.choice("pet_type", PET_TYPES),
        breed=row.text("breed"),
        size=row.choice("size", SIZES),
        adult_months=row.count("adult_months", 1, life_months - 1),
        life_months=life_months,
        weight=row.count("weight", 1, 1_000_000),
    )


def _place(row: Row) -> Place:
    state = row.text("state")
    if len(state) != STATE_LETTERS or not (state.isascii() and state.isalpha() and state.isupper()):
        row.refuse(f"state is {state!r}; write two capital letters like TX")
    return Place(
        name=row.text("name"),
        city=row.text("city"),
        state=state,
        latitude=row.degrees("latitude", LATITUDES),
        longitude=row.degrees("longitude", LONGITUDES),
    )


def _rows(folder: Traversable, file: str, columns: tuple[str, ...]) -> list[Row]:
    lines = _lines(folder, file)
    header = lines[0][1] if lines else []
    if tuple(header) != columns:
        start = Row(file, 1, {})
        start.refuse(f"the header is {','.join(header)!r}; write {','.join(columns)!r}")
    rows = []
    for number, cells in lines[1:]:
        row = Row(file, number, dict(zip(columns, cells, strict=False)))
        if len(cells) != len(columns):
            row.refuse(f"it has {len(cells)} cells; write {len(columns)}: {','.join(columns)}")
        rows.append(row)
    if not rows:
        Row(file, 2, {}).refuse("there is nothing below the header; write at least one row")
    return rows


def _lines(folder: Traversable, file: str) -> list[tuple[int, list[str]]]:
    try:
        text = folder.joinpath(file).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        msg = f"{file}: the text is not UTF-8; save it as UTF-8"
        raise SeedFileError(msg) from None
    # strict: a quotation mark left open would otherwise swallow the lines below it.
    reader = csv.reader(io.StringIO(text), strict=True)
    lines = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))  # noqa: PERF401  # line_num moves with the loop
    except csv.Error as error:
        Row(file, reader.line_num, {}).refuse(f"{error}; write plain comma-separated values")
    return lines


def _refuse_repeats(rows: Iterable[Row], columns: tuple[str, ...]) -> None:
    first: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row.cells[column].casefold() for column in columns)
        if key in first:
            shown = ", ".join(row.cells[column] for column in columns)
            row.refuse(f"{shown!r} is already on line {first[key]}; write every one once")
        first[key] = row.line
