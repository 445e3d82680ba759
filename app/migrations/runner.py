"""Bring the schema to a revision."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
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
    if _is_behind(connection, ScriptDirectory.from_config(config), to):
        command.downgrade(config, to)
    else:
        command.upgrade(config, to)


def _is_behind(connection: Connection, scripts: ScriptDirectory, to: str) -> bool:
    """Tell whether a revision is older than the schema: alembic would do nothing, and say so."""
    if to == "base" or to.startswith("-"):
        return True
    current = MigrationContext.configure(connection).get_current_revision()
    if current is None or to.startswith("+"):
        return False
    wanted = scripts.get_revision(to)
    older = (script.revision for script in scripts.iterate_revisions(current, "base"))
    return wanted is not None and wanted.revision != current and wanted.revision in older
