"""An adopter's deck: read from Valkey, built from PostgreSQL on a miss."""

from __future__ import annotations

from random import SystemRandom
from typing import TYPE_CHECKING

from app.cache import AWAY, deck_key
from app.deck.queries import draw, fitting, wishes
from app.pets.schemas import Card
from app.telemetry.catalog import SPAN_DECK_BUILD
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.telemetry.instruments import ApiInstruments

RANDOM = SystemRandom()


async def read_deck(
    engine: AsyncEngine,
    cache: Redis,
    instruments: ApiInstruments,
    user_id: UUID,
    size: int,
    ttl: int,
) -> list[str]:
    """Return the cards of the deck, each as JSON text: they pass from cache to client unparsed.

    A hit costs one cache command; a miss two statements and one round trip more. Without the cache
    the deck comes from PostgreSQL, and is only not remembered.
    """
    key, results = deck_key(user_id), instruments.cache_requests["deck"]
    try:
        cached = await cache.hvals(key)
    except AWAY:
        results["error"].inc()
        return list((await _build(engine, instruments, user_id, size)).values())
    if cached:
        results["hit"].inc()
        return [str(card) for card in cached]
    results["miss"].inc()
    cards = await _build(engine, instruments, user_id, size)
    await _remember(cache, key, cards, ttl)
    return list(cards.values())


async def _build(
    engine: AsyncEngine, instruments: ApiInstruments, user_id: UUID, size: int
) -> dict[str, str]:
    """Draw pets that the adopter looks for and has not swiped, in random order: id to card."""
    with instruments.deck_builds.time(), span(SPAN_DECK_BUILD):
        rows = await _draw(engine, user_id, size)
    # Neighbours in the order of all pets shall not be neighbours in every deck.
    RANDOM.shuffle(rows)
    cards = (Card.model_validate(row) for row in rows)
    return {str(card.id): card.model_dump_json() for card in cards}


async def _draw(engine: AsyncEngine, user_id: UUID, size: int) -> list[RowMapping]:
    async with engine.connect() as connection:
        wish = (await connection.execute(wishes(user_id))).mappings().one_or_none()
        conditions = [] if wish is None else fitting(wish)
        statement = draw(user_id, conditions, RANDOM.random(), size)
        return list((await connection.execute(statement)).mappings())


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
