"""The command that counts rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from sqlalchemy import func, select

from app.commands.database import with_engine
from app.settings import load_settings
from app.tables import metadata

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine


@click.command()
def rows() -> None:
    """Print the number of rows of every table, as JSON."""
    counts: dict[str, int] = {}

    async def count(engine: AsyncEngine) -> None:
        async with engine.connect() as connection:
            for table in metadata.sorted_tables:
                found = await connection.scalar(select(func.count()).select_from(table))
                counts[table.name] = found or 0

    with_engine(load_settings(), count)
    click.echo(json.dumps(counts))
