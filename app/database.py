"""PostgreSQL: one engine a process, and the metadata that features declare their tables on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import MetaData, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

if TYPE_CHECKING:
    from pydantic import PostgresDsn
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.settings import Settings

# Constraint names that migrations can rely on, instead of the server's choice.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

IDLE_RECYCLE_SECONDS = 1800


def create_engine(settings: Settings) -> AsyncEngine:
    """Build the engine; nothing connects before the first statement.

    Statements commit on their own, so that a route with one statement pays one round trip;
    what needs a transaction asks `transactional` for it.
    """
    return _engine(settings, settings.database_url)


def create_reads(settings: Settings, engine: AsyncEngine) -> AsyncEngine:
    """Build the engine of the read replica, or return the given one when there is none."""
    if settings.replica_url is None:
        return engine
    return _engine(settings, settings.replica_url)


def _engine(settings: Settings, address: PostgresDsn) -> AsyncEngine:
    # Whatever scheme the address has (postgres://, postgresql+psycopg://), the driver is asyncpg.
    url = make_url(address.unicode_string()).set(drivername="postgresql+asyncpg")
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_recycle=IDLE_RECYCLE_SECONDS,
        connect_args={
            "timeout": settings.database_timeout_seconds,
            "command_timeout": settings.database_timeout_seconds,
            "server_settings": {"application_name": "petswipe-api"},
        },
    )


def transactional(engine: AsyncEngine) -> AsyncEngine:
    """Return the same pool with statements grouped by explicit transactions."""
    return engine.execution_options(isolation_level="READ COMMITTED")


async def usable(engine: AsyncEngine) -> bool:
    """Say whether the database answers a statement."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # noqa: BLE001  # whatever the driver raises, the answer is no
        return False
    return True


async def migrated_to(engine: AsyncEngine) -> str | None:
    """Return the revision that the schema is at, or None before the first migration."""
    async with engine.connect() as connection:
        table = await connection.scalar(text("SELECT to_regclass('alembic_version')"))
        if table is None:
            return None
        revision: str | None = await connection.scalar(
            text("SELECT version_num FROM alembic_version")
        )
        return revision
