"""Bring the schema to a revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from app.database import transactional

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

# Any number that nobody else uses: two releases that migrate at once take turns on it.
LOCK = 7_304_113


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


async def migrate(engine: AsyncEngine, to: str = "head") -> None:
    """Upgrade or downgrade in one transaction: all of it happens, or nothing."""
    async with transactional(engine).begin() as connection:
        await connection.run_sync(_migrate, to)


def _migrate(connection: Connection, to: str) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    config = _config()
    config.attributes["connection"] = connection
    if to == "base" or to.startswith("-"):
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)
