"""Households in Valkey: a household for 5 minutes, and never an older one after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from app.cache import AWAY, OBJECT_SECONDS, object_key
from app.households.schemas import Household

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis

    from app.telemetry.instruments import ApiInstruments

# Longer than the deadline of a request: who has read before a change stores nothing after it.
CHANGED_SECONDS = 60
CHANGED = ""


async def recall(cache: Redis, instruments: ApiInstruments, household_id: UUID) -> Household | None:
    """Return the cached household; None when there is none, or no cache."""
    results = instruments.cache_requests["household"]
    try:
        found = await cache.get(object_key("household", household_id))
    except AWAY:
        results["error"].inc()
        return None
    results["hit" if found else "miss"].inc()
    if not found:
        return None
    try:
        return Household.model_validate_json(found)
    except ValidationError:
        # Written by another release.
        return None


async def remember(cache: Redis, household: Household) -> None:
    """Cache a household, unless it has changed while it was read."""
    key = object_key("household", household.id)
    try:
        await cache.set(key, household.model_dump_json(), ex=OBJECT_SECONDS, nx=True)
    except AWAY:
        return


async def outdate(cache: Redis, household_id: UUID) -> None:
    """Forget a household that has changed, and for a minute whatever a slow reader brings."""
    try:
        await cache.set(object_key("household", household_id), CHANGED, ex=CHANGED_SECONDS)
    except AWAY:
        return
