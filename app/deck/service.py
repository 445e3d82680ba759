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
    from collections.abc import Awaitable, Sequence
    from uuid import UUID

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.dependencies import Resources

RANDOM = SystemRandom()
HGETALL = "HGETALL"
# The field of the whole answer.
DECK = b"deck"
BEGIN, END = b'{"items":[', b'],"empty":false}'
EMPTY = b'{"items":[],"empty":true}'
# No card holds a line break, which JSON writes as \\n.
BETWEEN = b",\n"
# Where the id of a pet stands in its card: `{"id":"…"`.
ID = slice(7, 43)
# That field with its value, when no pet has left.
BARE = 2


async def read_deck(
    held: Resources, user_id: UUID, asked: Awaitable[Sequence[bytes]] | None = None
) -> bytes:
    """Return the deck as JSON: its cards pass from cache to client unparsed.

    A hit costs one cache command, which may be under way already (`asked`); a miss two statements
    and one round trip more. Without the cache the deck comes from PostgreSQL, and is only not
    remembered.
    """
    results = held.instruments.cache_requests["deck"]
    try:
        deck = _left(await (asked or held.pipeline.ask(*ask_deck(user_id))))
    except AWAY:
        results["error"].inc()
        return await _build(held, user_id)
    if deck != EMPTY:
        results["hit"].inc()
        return deck
    results["miss"].inc()
    deck = await _build(held, user_id)
    await _remember(held, deck_key(user_id), deck)
    return deck


def ask_deck(user_id: UUID | str) -> tuple[str, str]:
    """Name the command that reads a deck."""
    return HGETALL, deck_key(user_id)


def _left(fields: Sequence[bytes]) -> bytes:
    """Return a cached deck without the cards of the pets that have left it since."""
    if len(fields) == BARE and fields[0] == DECK:
        return fields[1]
    gone = dict(zip(fields[::2], fields[1::2], strict=True))
    if (deck := gone.pop(DECK, None)) is None:
        return EMPTY
    cards = deck[len(BEGIN) : -len(END)].split(BETWEEN)
    return _write([card for card in cards if card[ID] not in gone])


def _write(cards: Sequence[bytes]) -> bytes:
    return b"%b%b%b" % (BEGIN, BETWEEN.join(cards), END) if cards else EMPTY


async def _build(held: Resources, user_id: UUID) -> bytes:
    """Draw pets that the adopter looks for and has not swiped, in random order."""
    with held.instruments.deck_builds.time(), span(SPAN_DECK_BUILD):
        rows = await _draw(held.engine, user_id, held.settings.deck_size)
    # Neighbours in the order of all pets shall not be neighbours in every deck.
    RANDOM.shuffle(rows)
    cards = (Card.model_validate(row) for row in rows)
    return _write([card.model_dump_json().encode() for card in cards])


async def _draw(engine: AsyncEngine, user_id: UUID, size: int) -> list[RowMapping]:
    async with engine.connect() as connection:
        wish = (await connection.execute(wishes(user_id))).mappings().one_or_none()
        conditions = [] if wish is None else fitting(wish)
        statement = draw(user_id, conditions, RANDOM.random(), size)
        return list((await connection.execute(statement)).mappings())


async def _remember(held: Resources, key: str, deck: bytes) -> None:
    if deck == EMPTY:
        return
    try:
        async with held.cache.pipeline(transaction=True) as pipe:
            # With it go the pets that have left an earlier one.
            pipe.delete(key)
            pipe.hset(key, DECK.decode(), deck)
            pipe.expire(key, held.settings.deck_ttl_seconds)
            await pipe.execute()
    except AWAY:
        return
