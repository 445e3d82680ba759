"""Storing a swipe once, the history of swipes, and taking the last one back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from app.accounts.tables import users
from app.audit.service import record
from app.cache import AWAY, deck_key
from app.cursors import behind, write_cursor
from app.errors import Conflict, NotFound
from app.matches.interests import take_like_back
from app.pets.tables import adoptable, pets
from app.swipes.queries import store, stored
from app.swipes.schemas import NewSwipe, Swipe, SwipeHistory
from app.swipes.tables import swipes
from app.telemetry.catalog import SPAN_SWIPE
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.telemetry.instruments import ApiInstruments
    from app.work import Work


async def swipe(
    work: Work, cache: Redis, instruments: ApiInstruments, user_id: UUID, new: NewSwipe
) -> tuple[Swipe, bool]:
    """Store a swipe; returns it and whether it is new.

    A new swipe costs one statement and one cache command. The same swipe again returns the first
    one; a contradicting one and the caller's own pet raise Conflict; an unknown pet raises
    NotFound. Whatever the answer, the pet's card leaves the deck.
    """
    connection = await work.connection(alone=True)
    with span(SPAN_SWIPE):
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
        await _refuse(connection, user_id, new.pet_id)
        raise NotFound("There is no such pet to adopt.")
    if first["liked"] != new.liked:
        instruments.swipe_repeats["contradiction"].inc()
        raise Conflict("You have already decided otherwise about this pet.")
    work.afterwards(instruments.swipe_repeats["same"].inc)
    return Swipe.model_validate(first), False


async def list_swipes(
    engine: AsyncEngine, user_id: UUID, liked: bool | None, cursor: str | None, limit: int
) -> SwipeHistory:
    """Read a page of an adopter's newest swipes, all or only likes or passes."""
    conditions = [] if liked is None else [swipes.c.liked == liked]
    if cursor is not None:
        conditions.append(behind(cursor, swipes.c.created_at, swipes.c.id))
    statement = stored(user_id, *conditions).limit(limit + 1)
    async with engine.connect() as connection:
        rows = (await connection.execute(statement)).mappings().all()
    items = [Swipe.model_validate(row) for row in rows[:limit]]
    more = write_cursor(items[-1].created_at, items[-1].id) if rows[limit:] else None
    return SwipeHistory(items=items, next_cursor=more)


async def undo_last(work: Work, cache: Redis, user_id: UUID) -> None:
    """Take the last swipe back, as if it had never been; its pet may come into the deck again.

    Raises NotFound when there is none, Conflict when it has led to a match.
    """
    connection = await work.connection()
    # One at a time, and before anything that the deletion of the account locks.
    account = select(users.c.id).where(users.c.id == user_id)
    await connection.execute(account.with_for_update(key_share=True))
    statement = (
        select(swipes.c.id, swipes.c.pet_id)
        .where(swipes.c.user_id == user_id)
        .order_by(swipes.c.created_at.desc(), swipes.c.id.desc())
        .limit(1)
    )
    last = (await connection.execute(statement)).one_or_none()
    if last is None:
        raise NotFound("You have no swipe to take back.")
    await take_like_back(connection, user_id, last.pet_id)
    await connection.execute(delete(swipes).where(swipes.c.id == last.id))
    await record(work, user_id, "swipe.undo", "swipe", last.id)
    work.afterwards(partial(_drop_deck, cache, user_id))


async def _refuse(connection: AsyncConnection, user_id: UUID, pet_id: UUID) -> None:
    own = select(pets.c.id).where(pets.c.id == pet_id, pets.c.owner_id == user_id, adoptable)
    if await connection.scalar(own) is not None:
        raise Conflict("Nobody adopts their own pet.")


async def _drop_card(cache: Redis, user_id: UUID, pet_id: UUID) -> None:
    try:
        await cache.hdel(deck_key(user_id), str(pet_id))
    except AWAY:
        # The swipe is stored; a stale card only leads to a repeat, which answers 200.
        return


async def _drop_deck(cache: Redis, user_id: UUID) -> None:
    try:
        await cache.delete(deck_key(user_id))
    except AWAY:
        # The deck is only without one pet, until its time to live ends.
        return
