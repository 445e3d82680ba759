"""Who calls, and whether they call too often."""

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, HTTPException, Response, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from loadtests.bench.peers.naive.database import get_db, get_redis, settings
from loadtests.bench.peers.naive.models import LoginSession, User
from loadtests.bench.peers.naive.rate_limits import check_rate_limit
from loadtests.bench.peers.settings import REMEMBERED_SECONDS
from loadtests.bench.peers.tokens import decode_token
from loadtests.bench.peers.words import BAD_TOKEN, ENDED, GONE, NO_TOKEN, TOO_MANY

bearer = HTTPBearer(auto_error=False)
public_key = settings.public_key()

Database = Annotated[AsyncSession, Depends(get_db)]
Cache = Annotated[Redis, Depends(get_redis)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def unauthorized(detail: str) -> HTTPException:
    """Make the answer to somebody who is not logged in."""
    return HTTPException(
        status.HTTP_401_UNAUTHORIZED, detail, headers={"WWW-Authenticate": "Bearer"}
    )


async def check_session(db: AsyncSession, redis: Redis, session_id: UUID) -> None:
    """Refuse a session that has ended; PostgreSQL knows, Redis remembers."""
    state = await redis.get(f"session:{session_id}")
    if state == "good":
        return
    if state == "revoked":
        raise unauthorized(ENDED)
    session = await db.get(LoginSession, session_id)
    now = datetime.now(UTC)
    idle = timedelta(seconds=settings.session_idle_seconds)
    if (
        session is None
        or session.revoked_at is not None
        or session.expires_at <= now
        or session.last_seen_at <= now - idle
    ):
        raise unauthorized(ENDED)
    session.last_seen_at = now
    await db.commit()
    await redis.set(f"session:{session_id}", "good", ex=REMEMBERED_SECONDS, nx=True)


async def get_current_user(db: Database, redis: Cache, credentials: Credentials) -> User:
    """Return the account of the token that came with the request."""
    if credentials is None:
        raise unauthorized(NO_TOKEN)
    claims = decode_token(credentials.credentials, public_key, settings)
    if claims is None:
        raise unauthorized(BAD_TOKEN)
    await check_session(db, redis, claims.session_id)
    user = await db.get(User, claims.user_id)
    if user is None:
        raise unauthorized(GONE)
    return user


async def limit_user(
    user: Annotated[User, Depends(get_current_user)], redis: Cache, response: Response
) -> User:
    """Refuse a user who calls too often."""
    limit = await check_rate_limit(redis, f"ratelimit:user:{user.id}", settings.rate_limit_user)
    if limit.exceeded:
        raise HTTPException(
            status.HTTP_429_TOO_MANY_REQUESTS,
            TOO_MANY,
            headers={"Retry-After": str(limit.reset), **limit.headers},
        )
    response.headers.update(limit.headers)
    return user


CurrentUser = Annotated[User, Depends(limit_user)]
