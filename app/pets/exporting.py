"""Writing pets to a CSV file that an import takes."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.auth import Role
from app.pets.queries import there
from app.pets.tables import pets
from app.pets.tabular import HEADER, write_cells

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.auth import Principal

    Rows = Sequence[Row[tuple[object, ...]]]

# Pets that are held at once; each may have a description of 16 000 bytes.
PAGE = 500


async def export_pets(engine: AsyncEngine, caller: Principal) -> AsyncIterator[bytes]:
    """Begin to write the caller's pets, for administrators everybody's, piece by piece.

    No connection is held while a piece is sent.
    """
    # Asked for before the answer begins, so that an outage is still answered as one.
    return _write(engine, caller, await _page(engine, caller, None))


async def _write(engine: AsyncEngine, caller: Principal, rows: Rows) -> AsyncIterator[bytes]:
    yield _lines([HEADER])
    while rows:
        yield _lines([write_cells(row[1:]) for row in rows])
        if len(rows) < PAGE:
            return
        rows = await _page(engine, caller, rows[-1].id)


async def _page(engine: AsyncEngine, caller: Principal, after: UUID | None) -> Rows:
    columns = (pets.c.id, *(pets.c[name] for name in HEADER))
    statement = select(*columns).where(there).order_by(pets.c.id).limit(PAGE)
    if caller.role is not Role.ADMIN:
        statement = statement.where(pets.c.owner_id == caller.user_id)
    if after is not None:
        statement = statement.where(pets.c.id > after)
    async with engine.connect() as connection:
        return (await connection.execute(statement)).all()


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()
