"""An adopter's deck: read from Valkey, built from PostgreSQL on a miss."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from app.cache import AWAY, deck_key
from app.deck.queries import draw, fitting, wishes
from app.pets.schemas import Card

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.telemetry.instruments import Instruments

RANDOM = SystemRandom()


async def read_deck(
    engine: AsyncEngine, cache: Redis, instruments: Instruments, user_id: UUID, size: int, ttl: int
) -> list[str]:
    """Return the cards of the deck, each as JSON text: they pass from cache to client unparsed.

    A hit costs one cache command; a miss two statements and one round trip more. Without the cache
    the deck comes from PostgreSQL, and is only not remembered.
    """
    key = deck_key(user_id)
    try:
        cached = await cache.hvals(key)
    except AWAY:
        instruments.deck_cache["error"].inc()
        return list((await _build(engine, user_id, size)).values())
    if cached:
        instruments.deck_cache["hit"].inc()
        return [str(card) for card in cached]
    instruments.deck_cache["miss"].inc()
    cards = await _build(engine, user_id, size)
    await _remember(cache, key, cards, ttl)
    return list(cards.values())


async def _build(engine: AsyncEngine, user_id: UUID, size: int) -> dict[str, str]:
    """Draw pets that the adopter looks for and has not swiped, in random order: id to card."""
    async with engine.connect() as connection:
        wish = (await connection.execute(wishes(user_id))).mappings().one_or_none()
        conditions = [] if wish is None else fitting(wish)
        statement = draw(user_id, conditions, RANDOM.random(), size)
        rows = list((await connection.execute(statement)).mappings())
    # Neighbours in the order of all pets shall not be neighbours in every deck.
    RANDOM.shuffle(rows)
    cards = (Card.model_validate(row) for row in rows)
    return {str(card.id): card.model_dump_json() for card in cards}


async def _remember(cache: Redis, key: str, cards: dict[str, str], ttl: int) -> None:
    if not cards:
        return
    try:
        async with cache.pipeline(transaction=True) as pipe:
            pipe.hset(key, items=[part for card in cards.items() for part in card])
            pipe.expire(key, ttl)
            await pipe.execute()
    except AWAY:
        return
