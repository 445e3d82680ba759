"""The database of one command."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click
from sqlalchemy.exc import DBAPIError

from app.database import create_engine
from app.settings import MisconfiguredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.settings import Settings

# Classes of SQLSTATE: invalid authorization, invalid catalog (there is no such database).
REFUSED_STATES = ("28", "3D")


def with_engine(settings: Settings, use: Callable[[AsyncEngine], Awaitable[None]]) -> None:
    """Use the database and let go of it.

    Raises MisconfiguredError when it does not answer or refuses us, ClickException when it cannot
    do what it is asked.
    """

    async def run() -> None:
        engine = create_engine(settings)
        try:
            await use(engine)
        finally:
            await engine.dispose()

    try:
        asyncio.run(run())
    except OSError as error:
        reason = error.strerror or "no answer"
        raise MisconfiguredError(
            f"PET_DATABASE_URL: PostgreSQL does not answer: {reason}"
        ) from None
    except DBAPIError as error:
        # Its own words name users, databases and tables, never a password.
        reason = str(error.orig).partition("\n")[0]
        if str(getattr(error.orig, "sqlstate", "")).startswith(REFUSED_STATES):
            raise MisconfiguredError(f"PET_DATABASE_URL: PostgreSQL refuses it: {reason}") from None
        raise click.ClickException(f"PostgreSQL: {reason}") from None
