"""Valkey: the client, every key shape, and how a cache that is away is survived."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from app.telemetry.valkey import WatchedRedis

if TYPE_CHECKING:
    from uuid import UUID

    from app.settings import Settings

# What a cache that is down, slow or restarting raises; callers answer from PostgreSQL instead.
AWAY = (RedisError, OSError, TimeoutError)
POOL_SIZE = 50
OBJECT_SECONDS = 300


def create_cache(settings: Settings) -> WatchedRedis:
    """Build the client; nothing connects before the first command."""
    seconds = settings.cache_timeout_seconds
    pool = BlockingConnectionPool.from_url(
        settings.cache_url.unicode_string(),
        max_connections=POOL_SIZE,
        timeout=seconds,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        # A retry would double the time that a dead cache costs every request.
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return cast("WatchedRedis", WatchedRedis.from_pool(pool))


def deck_key(user_id: UUID | str) -> str:
    """Name the hash that holds an adopter's deck.

    One field has the whole answer, and each pet that has left the deck since has one of its own.
    """
    return f"deck:{user_id}"


def session_key(session_id: UUID | str) -> str:
    """Name the entry that says whether a session is good, for a minute."""
    return f"session:{session_id}"


def rate_key(policy: str, who: str) -> str:
    """Name the counter of a rate window."""
    return f"rate:{policy}:{who}"


def object_key(kind: str, object_id: UUID | str) -> str:
    """Name the cached form of an object, kept 5 minutes."""
    return f"object:{kind}:{object_id}"
