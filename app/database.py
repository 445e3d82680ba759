"""PostgreSQL: one engine a process, and the metadata that features declare their tables on."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, make_url, text
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler

from app.settings import PREFIX, MisconfiguredError
from app.telemetry.sql import WatchedPool

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import PostgresDsn
    from sqlalchemy import URL, Row, Select
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

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


class Compiled:
    """A statement that is compiled once, and not looked up by all of its parts each time.

    That look-up takes SQLAlchemy some 200 µs for a statement of several CTEs.
    """

    def __init__(self, statement: Select[Any]) -> None:
        """Compile it for the driver."""
        dialect = asyncpg.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy has none here
        compiled = statement.compile(dialect=dialect)
        self._sql = str(compiled)
        self._values = dict(compiled.params)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101  # of a statement it always is
        self._order = compiled.positiontup or []

    async def run(self, connection: AsyncConnection, **given: object) -> Sequence[Row[Any]]:
        """Execute it with these parameters, as the driver takes them, and return all rows."""
        values = self._values | given
        parameters = tuple(values[name] for name in self._order)
        return (await connection.exec_driver_sql(self._sql, parameters)).all()


IDLE_RECYCLE_SECONDS = 1800
# What libpq calls how much TLS is wanted; asyncpg does the first four by itself.
PLAIN_MODES = ("disable", "allow", "prefer", "require")
VERIFYING_MODES = ("verify-ca", "verify-full")
# What libpq calls the certificates of the system.
SYSTEM_CERTIFICATES = "system"


def create_engine(settings: Settings) -> AsyncEngine:
    """Build the engine; nothing connects before the first statement.

    Statements commit on their own, so that a route with one statement pays one round trip;
    what needs a transaction asks `transactional` for it.
    """
    return _engine(settings, settings.database_url, "DATABASE_URL")


def create_reads(settings: Settings, engine: AsyncEngine) -> AsyncEngine:
    """Build the engine of the read replica, or return the given one when there is none."""
    if settings.replica_url is None:
        return engine
    return _engine(settings, settings.replica_url, "REPLICA_URL")


def _engine(settings: Settings, address: PostgresDsn, name: str) -> AsyncEngine:
    # Whatever scheme the address has (postgres://, postgresql+psycopg://), the driver is asyncpg.
    url = make_url(address.unicode_string()).set(drivername="postgresql+asyncpg")
    url, tls = _tls(url, f"{PREFIX}{name}")
    return create_async_engine(
        url,
        isolation_level="AUTOCOMMIT",
        poolclass=WatchedPool,
        pool_size=settings.pool_size,
        max_overflow=0,
        pool_timeout=settings.pool_wait_seconds,
        pool_recycle=IDLE_RECYCLE_SECONDS,
        connect_args={
            **tls,
            "timeout": settings.database_timeout_seconds,
            "command_timeout": settings.database_timeout_seconds,
            "server_settings": {"application_name": "petswipe-api"},
        },
    )


def _tls(url: URL, name: str) -> tuple[URL, dict[str, object]]:
    """Take libpq's `sslmode` and `sslrootcert` out of an address: asyncpg calls them `ssl`.

    Raises MisconfiguredError when they make no sense.
    """
    mode, root = (_last(url.query.get(key)) for key in ("sslmode", "sslrootcert"))
    url = url.difference_update_query(["sslmode", "sslrootcert"])
    if not mode and not root:
        return url, {}
    mode = mode or "prefer"
    if mode not in (*PLAIN_MODES, *VERIFYING_MODES):
        known = ", ".join((*PLAIN_MODES, *VERIFYING_MODES))
        raise MisconfiguredError(f"{name}: its sslmode must be one of {known}")
    if mode in PLAIN_MODES and not (mode == "require" and root):
        return url, {"ssl": mode}
    try:
        # Without certificates of one's own, those that this system trusts.
        context = ssl.create_default_context(cafile=None if root == SYSTEM_CERTIFICATES else root)
    except OSError:
        raise MisconfiguredError(f"{name}: its sslrootcert is no file of certificates") from None
    context.check_hostname = mode == "verify-full"
    return url, {"ssl": context}


def _last(value: str | tuple[str, ...] | None) -> str | None:
    return value[-1] if isinstance(value, tuple) else value


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


async def connection_limit(engine: AsyncEngine) -> int:
    """Return how many sessions PostgreSQL has for others than its superusers."""
    kept = ("superuser_reserved_connections", "reserved_connections")
    numbers = (f"- coalesce(current_setting('{name}', true)::int, 0)" for name in kept)
    statement = text(f"SELECT current_setting('max_connections')::int {' '.join(numbers)}")
    async with engine.connect() as connection:
        return int(await connection.scalar(statement) or 0)
