"""Counting requests in a window of a minute."""

from dataclasses import dataclass

from redis.asyncio import Redis

from loadtests.bench.peers.naive.database import settings


@dataclass
class RateLimit:
    """A limit, and what is left of it."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    @property
    def headers(self) -> dict[str, str]:
        """What the client is told."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


async def check_rate_limit(redis: Redis, key: str, limit: int) -> RateLimit:
    """Count one request."""
    count = await redis.incr(key)
    if count == 1:
        await redis.expire(key, settings.rate_window_seconds)
    reset = await redis.ttl(key)
    return RateLimit(limit, max(0, limit - count), reset, count > limit)
