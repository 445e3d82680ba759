"""Listing the pets of a CSV file: good lines are kept, the others are explained."""

from __future__ import annotations

import csv
from collections import Counter
from functools import partial
from io import TextIOWrapper
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO
from uuid import UUID, uuid4

from pydantic import ValidationError
from sqlalchemy import insert
from starlette.concurrency import run_in_threadpool

from app.audit.service import record
from app.errors import Unprocessable
from app.pets.schemas import Imported, PetLine, RowError
from app.pets.tables import pets
from app.pets.tabular import HEADER, read_cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.work import Work

    # A good line, or what is wrong with it.
    Line = PetLine | list[RowError]

MOST_ROWS = 20_000
MOST_ERRORS = 100
# Lines that are held, and stored, at once.
BATCH = 500
# Empty cells of these mean what a new pet has when they are left out.
OPTIONAL = {name for name, field in PetLine.model_fields.items() if not field.is_required()}


async def import_pets(work: Work, owner_id: UUID, file: BinaryIO) -> Imported:
    """List the pets of a file for their owner, in the transaction of this work.

    Raises Unprocessable when it is no UTF-8, begins with another header, or has too many lines.
    """
    lines = _read(file)
    done = Imported(imported=0, failed=0, errors=[])
    connection = await work.connection()
    # Files and patterns take their time, which no other request should wait for.
    while batch := await run_in_threadpool(_take, lines):
        good = [line for line in batch if isinstance(line, PetLine)]
        done.imported += len(good)
        done.failed += len(batch) - len(good)
        if done.imported + done.failed > MOST_ROWS:
            raise Unprocessable(f"The file may have at most {MOST_ROWS} pets; send several files.")
        for line in batch:
            if not isinstance(line, PetLine):
                done.errors += line[: MOST_ERRORS - len(done.errors)]
        if good:
            rows = [{"id": uuid4(), "owner_id": owner_id, **pet.model_dump()} for pet in good]
            await connection.execute(insert(pets), rows)
            for kind, number in Counter(row["pet_type"] for row in rows).items():
                work.afterwards(partial(work.instruments.pets_listed[kind].inc, number))
    if done.imported:
        await record(work, owner_id, "pet.import", "account", owner_id)
    return done


def _take(lines: Iterator[Line]) -> list[Line]:
    return list(islice(lines, BATCH))


def _read(file: BinaryIO) -> Iterator[Line]:
    # A line end inside a cell belongs to its text.
    text = TextIOWrapper(file, "utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        if _header(reader) != HEADER:
            raise Unprocessable(f"The first line must be: {','.join(HEADER)}")
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield [RowError(line=number, field=None, problem=f"no CSV: {error}")]
                continue
            if cells:
                yield _check(number, cells)
    except UnicodeDecodeError:
        raise Unprocessable("The file must be encoded in UTF-8.") from None


def _header(reader: Iterator[list[str]]) -> tuple[str, ...]:
    try:
        return tuple(next(reader, ()))
    except csv.Error:
        return ()


def _check(number: int, cells: list[str]) -> Line:
    if len(cells) != len(HEADER):
        problem = f"has {len(cells)} cells in place of {len(HEADER)}"
        return [RowError(line=number, field=None, problem=problem)]
    given = {
        name: read_cell(cell)
        for name, cell in zip(HEADER, cells, strict=True)
        if cell or name not in OPTIONAL
    }
    try:
        return PetLine.model_validate(given)
    except ValidationError as error:
        return [
            RowError(line=number, field=str(each["loc"][0]), problem=each["msg"])
            for each in error.errors(include_url=False, include_input=False)
        ]
