"""The deck: a hash in Redis with a card a pet, which passes to the client as it is."""

from typing import cast
from uuid import UUID

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from loadtests.bench.peers.careful.sql import DECK
from loadtests.bench.peers.schemas import Card


def deck_key(user_id: UUID) -> str:
    """Name the hash that holds an adopter's deck."""
    return f"careful:deck:{user_id}"


async def read_deck(
    engine: AsyncEngine, redis: Redis, user_id: UUID, size: int, ttl: int
) -> list[str]:
    """Return the cards as JSON, from Redis or else from PostgreSQL."""
    cached = await redis.hvals(deck_key(user_id))
    if cached:
        # The client decodes what it reads.
        return cast("list[str]", cached)
    async with engine.connect() as connection:
        rows = (await connection.execute(DECK, {"user_id": user_id, "size": size})).all()
    cards = [Card.model_validate(row) for row in rows]
    deck = {str(card.id): card.model_dump_json() for card in cards}
    if deck:
        async with redis.pipeline() as pipe:
            pipe.hset(deck_key(user_id), items=[part for card in deck.items() for part in card])
            pipe.expire(deck_key(user_id), ttl)
            await pipe.execute()
    return list(deck.values())
