"""Who calls and how often, in one round trip to Redis."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from fastapi import HTTPException, Request
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from loadtests.bench.peers.careful.sql import TOUCH
from loadtests.bench.peers.settings import REMEMBERED_SECONDS, PeerSettings
from loadtests.bench.peers.tokens import Claims, decode_token
from loadtests.bench.peers.words import BAD_TOKEN, ENDED, NO_TOKEN, TOO_MANY

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

GATE = """
local function count(key)
  local used = redis.call('INCR', key)
  if used == 1 then redis.call('EXPIRE', key, ARGV[1]) end
  return {used, redis.call('TTL', key)}
end
return {redis.call('GET', KEYS[1]), count(KEYS[2]), count(KEYS[3])}
"""
MOST_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who may call, and what they are told of their limits."""

    user_id: UUID
    headers: dict[str, str]


class Gate:
    """Lets callers in: a dependency of the routes."""

    def __init__(self, settings: PeerSettings, redis: Redis, engine: AsyncEngine) -> None:
        """Read the key."""
        self.settings = settings
        self.redis = redis
        self.engine = engine
        self.key = settings.public_key()
        self.script: AsyncScript = redis.register_script(GATE)
        # A token that was verified stays so until it expires; the session is asked for each time.
        self.verified: OrderedDict[str, Claims] = OrderedDict()

    async def __call__(self, request: Request) -> Caller:
        """Verify, count, and ask for the session."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise unauthorized(NO_TOKEN)
        claims = self.verify(token)
        address = request.client.host if request.client else "unknown"
        state, (user_used, user_resets), (ip_used, ip_resets) = await self.script(
            keys=[
                f"session:{claims.session_id}",
                f"careful:rate:user:{claims.user_id}",
                f"careful:rate:ip:{address}",
            ],
            args=[self.settings.rate_window_seconds],
        )
        if state != "good":
            await self.confirm(claims.session_id, state)
        user_limit, ip_limit = self.settings.rate_limit_user, self.settings.rate_limit_ip
        if user_used > user_limit:
            raise too_many(user_resets)
        if ip_used > ip_limit:
            raise too_many(ip_resets)
        left = (
            f'"user";r={user_limit - user_used};t={user_resets}, '
            f'"ip";r={ip_limit - ip_used};t={ip_resets}'
        )
        return Caller(claims.user_id, {"RateLimit": left})

    def verify(self, token: str) -> Claims:
        """Return the claims of a token, decoded once."""
        known = self.verified.get(token)
        if known is None:
            known = decode_token(token, self.key, self.settings)
            if known is None:
                raise unauthorized(BAD_TOKEN)
            self.verified[token] = known
            if len(self.verified) > MOST_TOKENS:
                self.verified.popitem(last=False)
        elif known.expires_at <= time.time():
            del self.verified[token]
            raise unauthorized(BAD_TOKEN)
        return known

    async def confirm(self, session_id: UUID, state: str | None) -> None:
        """Ask PostgreSQL about a session that Redis does not remember, and remember its word."""
        good = False
        if state is None:
            given = {"session_id": session_id, "idle": self.settings.session_idle_seconds}
            async with self.engine.connect() as connection:
                good = await connection.scalar(TOUCH, given) is not None
        if not good:
            raise unauthorized(ENDED)
        await self.redis.set(f"session:{session_id}", "good", ex=REMEMBERED_SECONDS, nx=True)


def unauthorized(detail: str) -> HTTPException:
    """Make the answer to somebody who is not logged in."""
    return HTTPException(401, detail, headers={"WWW-Authenticate": "Bearer"})


def too_many(resets_in: int) -> HTTPException:
    """Make the answer to somebody who calls too often."""
    return HTTPException(429, TOO_MANY, headers={"Retry-After": str(resets_in)})
