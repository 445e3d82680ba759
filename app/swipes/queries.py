"""The SQL of a swipe: stored, matched, told and read back in one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import Boolean, ColumnElement, Text, Uuid, literal, select
from sqlalchemy.dialects.postgresql import insert

from app.matches.queries import make_match, note_like, tell_both
from app.matches.tables import matches
from app.pets.tables import adoptable, pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from sqlalchemy import Select

    from app.swipes.schemas import NewSwipe

COLUMNS = ("id", "user_id", "pet_id", "liked", "notes", "created_at")


def store(user_id: UUID, new: NewSwipe) -> Select[tuple[object, ...]]:
    """Insert a swipe unless this adopter has swiped this pet, with the match it makes.

    Yields one row with `match_id` when the swipe is new, none when it is not or when there is no
    such pet for this adopter.
    """
    candidate = select(
        literal(uuid4(), Uuid),
        literal(user_id, Uuid),
        pets.c.id,
        literal(new.liked, Boolean),
        literal(new.notes, Text),
    ).where(pets.c.id == new.pet_id, pets.c.owner_id != user_id, adoptable)
    swiped = (
        insert(swipes)
        .from_select(["id", "user_id", "pet_id", "liked", "notes"], candidate)
        .on_conflict_do_nothing(index_elements=["user_id", "pet_id"])
        .returning(*(swipes.c[name] for name in COLUMNS))
        .cte("swiped")
    )
    matched = make_match(note_like(swiped))
    return (
        select(swiped, matched.c.id.label("match_id"))
        .select_from(swiped.outerjoin(matched, literal(value=True)))
        .add_cte(tell_both(matched))
    )


def stored(user_id: UUID, *conditions: ColumnElement[bool]) -> Select[tuple[object, ...]]:
    """Read an adopter's swipes with the matches they made, newest first."""
    made = swipes.outerjoin(
        matches, (matches.c.user_id == swipes.c.user_id) & (matches.c.pet_id == swipes.c.pet_id)
    )
    return (
        select(*(swipes.c[name] for name in COLUMNS), matches.c.id.label("match_id"))
        .select_from(made)
        .where(swipes.c.user_id == user_id, *conditions)
        .order_by(swipes.c.created_at.desc(), swipes.c.id.desc())
    )
