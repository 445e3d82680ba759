"""The engine, and a session for each request."""

from collections.abc import AsyncIterator

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from loadtests.bench.peers.settings import POOL_SIZE, PeerSettings

settings = PeerSettings()
# No overflow: a connection that is made for one request would cost it more than the wait.
engine = create_async_engine(settings.engine_url, pool_size=POOL_SIZE, max_overflow=0)
async_session = async_sessionmaker(engine, expire_on_commit=False)
redis = Redis.from_url(settings.cache_url, decode_responses=True)


async def get_db() -> AsyncIterator[AsyncSession]:
    """Open a session for one request."""
    async with async_session() as session:
        yield session


async def get_redis() -> Redis:
    """Return the client."""
    return redis
