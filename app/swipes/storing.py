"""Storing swipes, one or many in one statement, and what became of each."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy.exc import DBAPIError

from app.cache import AWAY, deck_key
from app.errors import Conflict, NotFound, ServiceError, is_away, is_undone
from app.shared_pipeline import Script
from app.swipes.queries import FIRST, PAIR, STORE
from app.swipes.schemas import SwipeAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.shared_pipeline import SharedPipeline
    from app.telemetry.instruments import ApiInstruments


write = msgspec.json.Encoder().encode
# Notes in each deck, if it is there, that a pet has left it.
LEAVE = Script(
    """
    for i, deck in ipairs(KEYS) do
      if redis.call('EXISTS', deck) == 1 then redis.call('HSET', deck, ARGV[i], '') end
    end
    """
)


class Entry(msgspec.Struct, frozen=True):
    """A swipe that somebody wants stored; `origin` is the span in which they do."""

    id: str
    user_id: str
    pet_id: str
    liked: bool
    notes: str | None
    origin: str | None


class Stored(NamedTuple):
    """A swipe as it is stored, and whether it was not there before."""

    swipe: SwipeAnswer
    new: bool


async def store_swipes(
    connection: AsyncConnection, entries: Sequence[Entry]
) -> list[Stored | ServiceError]:
    """Store swipes in one statement, and tell in their order what became of each.

    A second statement reads those that were there before. One that contradicts what is stored and
    one of the adopter's own pet is a Conflict; an unknown pet is NotFound.
    """
    made = await STORE.run(connection, given=write(entries).decode())
    new = {str(row.id): row for row in made}
    others = [entry for entry in entries if entry.id not in new]
    first = {}
    if others:
        pairs = {name: [UUID(getattr(entry, name)) for entry in others] for name in PAIR}
        found = (await connection.execute(FIRST, pairs)).all()
        first = {(str(row.user_id), str(row.pet_id)): row for row in found}
    return [
        _made(entry, new[entry.id])
        if entry.id in new
        else _judge(entry, first[entry.user_id, entry.pet_id])
        for entry in entries
    ]


def count(instruments: ApiInstruments, outcome: Stored | ServiceError) -> None:
    """Count what became of a swipe; call it once that is committed."""
    if isinstance(outcome, Stored):
        if not outcome.new:
            instruments.swipe_repeats["same"].inc()
            return
        instruments.swipes["like" if outcome.swipe.liked else "pass"].inc()
        if outcome.swipe.match_id is not None:
            instruments.matches.inc()
    elif isinstance(outcome, Contradiction):
        instruments.swipe_repeats["contradiction"].inc()


async def leave_decks(pipeline: SharedPipeline, entries: Sequence[Entry]) -> None:
    """Take the cards of swiped pets out of their adopters' decks."""
    # The swipes are stored; a stale card only leads to a repeat, which answers 200.
    with suppress(*AWAY):
        decks = [deck_key(entry.user_id) for entry in entries]
        await pipeline.run(LEAVE, decks, *[entry.pet_id for entry in entries])


class Contradiction(Conflict):
    """The adopter has decided about this pet, and otherwise."""


class SwipeStore:
    """Stores batches of swipes: one statement, which commits by itself, and one round trip more.

    In that the cards of all of them leave their decks.
    """

    def __init__(
        self, engine: AsyncEngine, pipeline: SharedPipeline, instruments: ApiInstruments
    ) -> None:
        """Take where swipes and decks are."""
        self._engine = engine
        self._pipeline = pipeline
        self._instruments = instruments

    async def __call__(self, entries: Sequence[Entry]) -> list[Stored | ServiceError]:
        """Store a batch; whatever became of a swipe, its card is no longer in the deck."""
        async with self._engine.connect() as connection:
            outcomes = await store_swipes(connection, entries)
        for outcome in outcomes:
            count(self._instruments, outcome)
        await leave_decks(self._pipeline, entries)
        return outcomes


def blames_one(error: Exception) -> bool:
    """Say whether one swipe may have failed its batch, like that of an account just deleted."""
    return isinstance(error, DBAPIError) and (is_undone(error) or not is_away(error))


def _made(entry: Entry, row: Row[Any]) -> Stored:
    decided = (entry.pet_id, entry.liked, entry.notes)
    return Stored(SwipeAnswer(entry.id, *decided, row.created_at, row.match_id), new=True)


def _judge(entry: Entry, first: Row[Any]) -> Stored | ServiceError:
    if first.id is None:
        if first.own:
            return Conflict("Nobody adopts their own pet.")
        return NotFound("There is no such pet to adopt.")
    if first.liked != entry.liked:
        return Contradiction("You have already decided otherwise about this pet.")
    written = (first.liked, first.notes, first.created_at, first.match_id)
    return Stored(SwipeAnswer(str(first.id), entry.pet_id, *written), new=False)
