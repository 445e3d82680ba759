"""Asking every dependency how it is, all at once and none for longer than a second."""

from __future__ import annotations

import asyncio
import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from sqlalchemy import func, select, text

from app.outbox.tables import outbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.dependencies import Resources

    # Looks at a dependency; returns what there is to say of it, raises when it does not work.
    Look = Callable[[], Awaitable[dict[str, float]]]

PATIENCE_SECONDS = 1.0
POSTGRESQL = "postgresql"


class Condition(StrEnum):
    """How the service or a dependency is."""

    OK = "ok"
    # The service answers, and something that it can do without is away.
    DEGRADED = "degraded"
    UNAVAILABLE = "unavailable"


class Dependency(BaseModel):
    """How a dependency is, and how long it took to say so."""

    status: Condition
    latency_ms: float
    # Kind of the error only: its words may hold addresses.
    reason: str | None = None
    oldest_seconds: float | None = None


class Deep(BaseModel):
    """How every dependency is; `unavailable` means that PostgreSQL is not there."""

    status: Condition
    dependencies: dict[str, Dependency]


async def examine(held: Resources) -> Deep:
    """Look at everything that the service depends on, at the same time."""
    looks = _looks(held)
    found = dict(
        zip(looks, await asyncio.gather(*(_examine(look) for look in looks.values())), strict=True)
    )
    failed = {name for name, dependency in found.items() if dependency.status is not Condition.OK}
    status = Condition.DEGRADED if failed else Condition.OK
    if POSTGRESQL in failed:
        status = Condition.UNAVAILABLE
    return Deep(status=status, dependencies=found)


def _looks(held: Resources) -> dict[str, Look]:
    async def cache() -> dict[str, float]:
        await held.cache.ping()
        return {}

    async def storage() -> dict[str, float]:
        await held.storage.check()
        return {}

    async def outbox_age() -> dict[str, float]:
        waiting = outbox.c.delivered_at.is_(None) & outbox.c.dead_at.is_(None)
        age = func.extract("epoch", func.now() - func.min(outbox.c.created_at))
        async with held.engine.connect() as connection:
            oldest = await connection.scalar(select(age).where(waiting))
        return {"oldest_seconds": max(float(oldest or 0), 0.0)}

    looks: dict[str, Look] = {
        POSTGRESQL: lambda: _answers(held.engine),
        "cache": cache,
        "storage": storage,
        "outbox": outbox_age,
    }
    if held.reads is not held.engine:
        looks["replica"] = lambda: _answers(held.reads)
    return looks


async def _answers(engine: AsyncEngine) -> dict[str, float]:
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    return {}


async def _examine(look: Look) -> Dependency:
    begun = time.perf_counter()
    said: dict[str, Any]
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            status, said = Condition.OK, await look()
    except Exception as error:  # noqa: BLE001  # whatever a driver raises, it does not work
        status, said = Condition.UNAVAILABLE, {"reason": type(error).__name__}
    taken = round((time.perf_counter() - begun) * 1000, 3)
    return Dependency(status=status, latency_ms=taken, **said)
