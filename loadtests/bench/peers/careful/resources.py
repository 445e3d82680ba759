"""What the routes work with, made once."""

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import create_async_engine

from loadtests.bench.peers.careful.gate import Gate
from loadtests.bench.peers.settings import POOL_SIZE, PeerSettings

settings = PeerSettings()
# Every statement commits by itself: no BEGIN and no COMMIT to wait for.
engine = create_async_engine(
    settings.engine_url, isolation_level="AUTOCOMMIT", pool_size=POOL_SIZE, max_overflow=0
)
redis = Redis.from_url(settings.cache_url, decode_responses=True)
gate = Gate(settings, redis, engine)
