"""Storing a swipe once, and the history of swipes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.cache import AWAY, deck_key
from app.errors import Conflict, NotFound
from app.swipes.queries import store, stored
from app.swipes.schemas import NewSwipe, Swipe
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.telemetry.instruments import Instruments
    from app.work import Work


async def swipe(
    work: Work, cache: Redis, instruments: Instruments, user_id: UUID, new: NewSwipe
) -> tuple[Swipe, bool]:
    """Store a swipe; returns it and whether it is new.

    A new swipe costs one statement and one cache command. The same swipe again returns the first
    one; a contradicting one raises Conflict; an unknown pet raises NotFound. Whatever the answer,
    the pet's card leaves the deck.
    """
    connection = await work.connection(alone=True)
    row = (await connection.execute(store(user_id, new))).mappings().one_or_none()
    drop = partial(_drop_card, cache, user_id, new.pet_id)
    if row is not None:
        work.afterwards(drop)
        made = Swipe.model_validate(row)
        work.afterwards(instruments.swipes["like" if made.liked else "pass"].inc)
        if made.match_id is not None:
            work.afterwards(instruments.matches.inc)
        return made, True
    again = stored(user_id, swipes.c.pet_id == new.pet_id)
    first = (await connection.execute(again)).mappings().one_or_none()
    # Its card is a stale one: the pet is gone, or an earlier delete was lost.
    await drop()
    if first is None:
        raise NotFound("There is no such pet to adopt.")
    if first["liked"] != new.liked:
        instruments.swipe_repeats["contradiction"].inc()
        raise Conflict("You have already decided otherwise about this pet.")
    work.afterwards(instruments.swipe_repeats["same"].inc)
    return Swipe.model_validate(first), False


async def list_swipes(
    engine: AsyncEngine, user_id: UUID, liked: bool | None, limit: int
) -> list[Swipe]:
    """Read an adopter's newest swipes, all or only likes or passes."""
    conditions = [] if liked is None else [swipes.c.liked == liked]
    async with engine.connect() as connection:
        rows = (await connection.execute(stored(user_id, *conditions).limit(limit))).mappings()
        return [Swipe.model_validate(row) for row in rows.all()]


async def _drop_card(cache: Redis, user_id: UUID, pet_id: UUID) -> None:
    try:
        await cache.hdel(deck_key(user_id), str(pet_id))
    except AWAY:
        # The swipe is stored; a stale card only leads to a repeat, which answers 200.
        return
