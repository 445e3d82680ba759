"""Storing a swipe once, the history of swipes, and taking the last one back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from app.accounts.tables import users
from app.audit.service import record
from app.cache import AWAY, deck_key
from app.cursors import behind, write_cursor
from app.errors import NotFound, ServiceError
from app.ids import new_id
from app.matches.interests import take_like_back
from app.outbox.tables import origin
from app.swipes.queries import stored
from app.swipes.schemas import NewSwipe, Swipe, SwipeHistory
from app.swipes.storing import Entry, count, leave_decks, store_swipes
from app.swipes.tables import swipes
from app.telemetry.catalog import SPAN_SWIPE
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.shared_pipeline import SharedPipeline
    from app.telemetry.instruments import ApiInstruments
    from app.work import Work


async def swipe(
    work: Work, pipeline: SharedPipeline, instruments: ApiInstruments, user_id: UUID, new: NewSwipe
) -> tuple[Swipe, bool]:
    """Store a swipe; returns it and whether it is new.

    The same swipe again returns the first one; a contradicting one and the caller's own pet raise
    Conflict; an unknown pet raises NotFound. Whatever the answer, the pet's card leaves the deck.
    """
    connection = await work.connection(alone=True)
    entry = Entry(new_id(), str(user_id), str(new.pet_id), new.liked, new.notes, origin())
    with span(SPAN_SWIPE):
        (outcome,) = await store_swipes(connection, [entry])
    if isinstance(outcome, ServiceError):
        count(instruments, outcome)
        await leave_decks(pipeline, [entry])
        raise outcome
    work.afterwards(partial(leave_decks, pipeline, [entry]))
    work.afterwards(partial(count, instruments, outcome))
    return Swipe.model_validate(outcome.swipe, from_attributes=True), outcome.new


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


async def _drop_deck(cache: Redis, user_id: UUID) -> None:
    try:
        await cache.delete(deck_key(user_id))
    except AWAY:
        # The deck is only without one pet, until its time to live ends.
        return
