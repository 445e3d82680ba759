"""What is measured of statements, cache commands and connections, against the real servers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.accounts.tables import users
from app.auth import Role
from app.database import create_engine
from app.settings import Settings
from app.telemetry.catalog import (
    DB_DURATION,
    OVERFLOWS,
    POOL_PENDING,
    POOL_TIMEOUTS,
    POOL_WAIT,
    UNDECLARED,
)
from app.telemetry.instruments import ApiInstruments
from app.telemetry.process import Nowhere
from app.telemetry.sql import watch
from app.telemetry.tracing import Kind, Tracer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.telemetry.tracing import Span
    from tests.app.conftest import Api

pytestmark = pytest.mark.anyio
COUNT = f"{DB_DURATION.name}_count"


@pytest.fixture
def instruments() -> ApiInstruments:
    return ApiInstruments("1.0", "abc")


@pytest.fixture
async def engine(settings: Settings, instruments: ApiInstruments) -> AsyncIterator[AsyncEngine]:
    """An engine of one connection that has not been opened."""
    changed = {**settings.model_dump(), "pool_size": 1, "pool_wait_seconds": 0.1}
    engine = create_engine(Settings.model_validate(changed))
    watch(engine, "primary", instruments.databases)
    yield engine
    await engine.dispose()


def counted(instruments: ApiInstruments) -> dict[tuple[str, str, str], float]:
    """Return how often each operation of each system ended how, but for what never happened."""
    return {
        (
            sample.labels["db_system_name"],
            sample.labels["db_operation_name"],
            sample.labels["error_type"],
        ): sample.value
        for family in instruments.registry.collect()
        for sample in family.samples
        if sample.name == COUNT and sample.value
    }


def value(instruments: ApiInstruments, name: str) -> float | None:
    return instruments.registry.get_sample_value(
        name, {"db_client_connection_pool_name": "primary"}
    )


def somebody() -> dict[str, object]:
    return {
        "id": uuid4(),
        "email": f"{uuid4().hex}@people.example",
        "password_hash": "x",
        "display_name": "Someone",
        "role": Role.USER,
    }


async def test_a_statement_is_counted_once_by_what_it_does(
    engine: AsyncEngine, instruments: ApiInstruments
) -> None:
    async with engine.connect() as connection:
        assert counted(instruments) == {}
        await connection.scalar(select(1))
        await connection.execute(insert(users), somebody())
        await connection.execute(insert(users), [somebody(), somebody()])
    assert counted(instruments) == {
        ("postgresql", "SELECT", ""): 1,
        ("postgresql", "INSERT", ""): 2,
    }
    assert instruments.registry.get_sample_value(OVERFLOWS.name, {"reason": UNDECLARED}) == 0


async def test_a_statement_that_fails_is_counted_by_why(
    engine: AsyncEngine, instruments: ApiInstruments
) -> None:
    person = somebody()
    async with engine.connect() as connection:
        await connection.execute(insert(users), person)
        with pytest.raises(IntegrityError):
            await connection.execute(insert(users), person)
        await connection.execute(text("SET statement_timeout = 50"))
        with pytest.raises(DBAPIError):
            await connection.execute(text("SELECT pg_sleep(10)"))
        with pytest.raises(DBAPIError):
            await connection.execute(
                text("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(10)")
            )
        await connection.invalidate()
    found = counted(instruments)
    assert found["postgresql", "INSERT", ""] == found["postgresql", "INSERT", "refused"] == 1
    assert found["postgresql", "SELECT", "timeout"] == 1
    assert found["postgresql", "SELECT", "unavailable"] == 1
    # `SET` is none of the operations that the catalogue names.
    assert instruments.registry.get_sample_value(OVERFLOWS.name, {"reason": UNDECLARED}) == 1


async def test_whoever_waits_for_a_connection_shows_and_goes(
    engine: AsyncEngine, instruments: ApiInstruments
) -> None:
    async with engine.connect():
        waiting = asyncio.create_task(engine.connect().start())
        while value(instruments, POOL_PENDING.name) != 1:  # noqa: ASYNC110  # nobody else tells
            await asyncio.sleep(0)
        with pytest.raises(PoolTimeoutError):
            await waiting
    assert value(instruments, POOL_PENDING.name) == 0
    assert value(instruments, POOL_TIMEOUTS.name) == 1
    assert value(instruments, f"{POOL_WAIT.name}_count") == 2


async def test_whoever_gives_up_waiting_for_a_connection_is_counted(
    engine: AsyncEngine, instruments: ApiInstruments
) -> None:
    async with engine.connect():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await engine.connect().start()
    assert value(instruments, POOL_TIMEOUTS.name) == 1
    assert counted(instruments)["postgresql", "CONNECT", "timeout"] == 1


async def test_a_database_that_lets_nobody_in_is_counted(
    settings: Settings, instruments: ApiInstruments
) -> None:
    changed = {**settings.model_dump(), "database_url": "postgresql://127.0.0.1:9/none"}
    nobody = create_engine(Settings.model_validate(changed))
    watch(nobody, "primary", instruments.databases)
    for _ in range(2):
        with pytest.raises(OSError, match="Connect call failed"):
            await nobody.connect().start()
    assert counted(instruments)["postgresql", "CONNECT", "unavailable"] == 2
    assert value(instruments, POOL_TIMEOUTS.name) == 0


async def test_cache_commands_are_counted_and_a_pipeline_is_one(api: Api) -> None:
    cache: Redis = api.held.cache
    before = counted(api.held.instruments)
    await cache.set("key", "value")
    await cache.get("key")
    async with cache.pipeline() as pipeline:
        pipeline.get("key")
        pipeline.get("key")
        await pipeline.execute()
    added = {
        key: number - before.get(key, 0)
        for key, number in counted(api.held.instruments).items()
        if key[0] == "redis" and number != before.get(key, 0)
    }
    assert added == {("redis", name, ""): 1 for name in ("SET", "GET", "PIPELINE")}


async def test_spans_say_what_was_done_and_share_nothing_that_differs(
    api: Api, engine: AsyncEngine
) -> None:
    kept: list[Span] = []

    class Recorder(Nowhere):
        def keep(self, spans: list[Span]) -> None:
            kept.extend(spans)

    tracer = Tracer(1, Recorder())
    root = tracer.begin("root", Kind.SERVER, None)
    async with engine.connect() as connection:
        await connection.scalar(select(users.c.id).limit(1))
    for size in (1, 2):
        async with api.held.cache.pipeline() as pipeline:
            for _ in range(size):
                pipeline.get("key")
            await pipeline.execute()
    await api.held.cache.get("a key that stays here")
    tracer.end(root)
    described = [(span.name, span.attributes) for span in kept[:-1]]
    redis = {"db.system.name": "redis"}
    pipeline_of = {**redis, "db.operation.name": "PIPELINE"}
    assert described == [
        (
            "SELECT users",
            {
                "db.system.name": "postgresql",
                "db.operation.name": "SELECT",
                "db.collection.name": "users",
            },
        ),
        ("PIPELINE", {**pipeline_of, "db.operation.batch.size": 1}),
        ("PIPELINE", {**pipeline_of, "db.operation.batch.size": 2}),
        ("GET", {**redis, "db.operation.name": "GET"}),
    ]
