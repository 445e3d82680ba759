from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text
from sqlalchemy.exc import ProgrammingError

from app.database import create_engine, migrated_to
from app.migrations.revisions import head_revision
from app.migrations.runner import migrate
from app.seed.catalogue import build_catalogue
from app.seed.load import load
from app.settings import Settings
from app.tables import metadata, pets, users

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine

pytestmark = pytest.mark.anyio


@pytest.fixture
async def engine(settings: Settings, empty_database: str) -> AsyncIterator[AsyncEngine]:
    changed = {**settings.model_dump(), "database_url": empty_database}
    engine = create_engine(Settings.model_validate(changed))
    yield engine
    await engine.dispose()


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))


async def test_the_migrations_make_exactly_the_declared_tables(engine: AsyncEngine) -> None:
    await migrate(engine)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    assert await tables(engine) == {*metadata.tables, "alembic_version"}


async def test_check_constraints_are_the_declared_ones(engine: AsyncEngine) -> None:
    """The comparison of Alembic leaves them out."""
    await migrate(engine)

    def found(connection: Connection) -> set[str | None]:
        inspector = inspect(connection)
        return {
            check["name"]
            for table in metadata.tables
            for check in inspector.get_check_constraints(table)
        }

    async with engine.connect() as connection:
        declared = {
            constraint.name
            for table in metadata.tables.values()
            for constraint in table.constraints
            if str(constraint.name).startswith("ck_")
        }
        assert declared
        assert await connection.run_sync(found) == declared


async def test_a_schema_with_data_goes_down_to_nothing_and_up_again(engine: AsyncEngine) -> None:
    await migrate(engine)
    await load(engine, build_catalogue(pets=50), 5, "a long and good one", rounds=4)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM pets")) == 50
    await migrate(engine, "base")
    assert await tables(engine) == {"alembic_version"}
    assert await migrated_to(engine) is None
    await migrate(engine)
    assert await migrated_to(engine) == head_revision()
    async with engine.connect() as connection:
        for table in (users, pets):
            assert await connection.scalar(select(func.count()).select_from(table)) == 0


async def test_migrating_again_changes_nothing(engine: AsyncEngine) -> None:
    assert await migrated_to(engine) is None
    for _ in range(2):
        await migrate(engine)
        assert await migrated_to(engine) == head_revision()
    await load(engine, build_catalogue(pets=3), 1, "a long and good one", rounds=4)
    await migrate(engine)
    async with engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM pets")) == 3


async def test_a_step_down_is_one_revision(engine: AsyncEngine) -> None:
    await migrate(engine)
    await migrate(engine, "-1")
    assert await migrated_to(engine) != head_revision()


async def test_a_name_of_a_revision_leads_down_as_well_as_up(engine: AsyncEngine) -> None:
    await migrate(engine)
    await migrate(engine, "0001")
    assert await migrated_to(engine) == "0001"
    await migrate(engine, head_revision())
    assert await migrated_to(engine) == head_revision()


async def test_a_migration_that_fails_half_way_leaves_nothing(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        # In the way of the last table of the first revision.
        await connection.execute(text("CREATE TABLE swipes (id integer)"))
    with pytest.raises(ProgrammingError, match='relation "swipes" already exists'):
        await migrate(engine)
    assert await tables(engine) == {"swipes"}


async def test_releases_that_migrate_at_once_take_turns(engine: AsyncEngine) -> None:
    await asyncio.gather(*(migrate(engine) for _ in range(5)))
    assert await migrated_to(engine) == head_revision()
    assert await tables(engine) == {*metadata.tables, "alembic_version"}
