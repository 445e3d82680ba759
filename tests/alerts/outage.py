"""Real faults of a running stack, each undone when its block ends."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from loadtests.stack import Stack

# Longer than a second and shorter than a request's deadline: answers are late, not errors.
LOCKED_SECONDS = 1.4
OPEN_SECONDS = 0.4
EVENTS = 150
# An event that waits for a minute would be a stalled queue.
EVENT_SECONDS = 20


@asynccontextmanager
async def broken_swipes(stack: Stack) -> AsyncIterator[None]:
    """Take the table of swipes away, as a wrong migration would: each swipe is an error."""
    async with _connected(stack) as connection:
        await connection.execute("ALTER TABLE swipes RENAME TO swipes_gone")
        try:
            yield
        finally:
            await connection.execute("ALTER TABLE swipes_gone RENAME TO swipes")


@asynccontextmanager
async def locked_pets(stack: Stack) -> AsyncIterator[None]:
    """Lock the table of pets again and again, as a migration would: who reads it waits."""

    async def lock() -> None:
        async with _connected(stack) as connection:
            while True:
                async with connection.transaction():
                    await connection.execute("LOCK TABLE pets IN ACCESS EXCLUSIVE MODE")
                    await asyncio.sleep(LOCKED_SECONDS)
                await asyncio.sleep(OPEN_SECONDS)

    async with _running(lock()):
        yield


@asynccontextmanager
async def closed_database(stack: Stack) -> AsyncIterator[None]:
    """Let nobody into the database any more, and end who is inside."""
    async with _connected(stack, "template1") as connection:
        await connection.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS false")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'postgres'"
        )
        try:
            yield
        finally:
            await connection.execute("ALTER DATABASE postgres ALLOW_CONNECTIONS true")


@asynccontextmanager
async def hanging_cache(stack: Stack) -> AsyncIterator[None]:
    """Stop Valkey in the middle of whatever it does."""
    pid = stack.processes["valkey"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def deep_queue(stack: Stack) -> AsyncIterator[None]:
    """Keep 150 events waiting, each for less than a minute: deep, yet nothing stands still."""

    async def replace() -> None:
        async with _connected(stack) as connection:
            while True:
                async with connection.transaction():
                    await connection.execute(DELETE_EVENTS)
                    await connection.execute(INSERT_EVENTS, EVENTS)
                await asyncio.sleep(EVENT_SECONDS)

    try:
        async with _running(replace()):
            yield
    finally:
        async with _connected(stack) as connection:
            await connection.execute(DELETE_EVENTS)


DELETE_EVENTS = "DELETE FROM outbox WHERE kind = 'proof'"
# The dispatcher leaves them alone for an hour.
INSERT_EVENTS = """
INSERT INTO outbox (user_id, kind, payload, due_at)
SELECT (SELECT id FROM users LIMIT 1), 'proof', '{}', now() + interval '1 hour'
FROM generate_series(1, $1)
"""


@asynccontextmanager
async def _connected(stack: Stack, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
    url = stack.environment["PET_DATABASE_URL"].replace("+asyncpg", "")
    connection = await asyncpg.connect(url.rpartition("/")[0] + f"/{database}")
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Work in the background; what it raises ends the block."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(work)
        try:
            yield
        finally:
            task.cancel()
