"""The SQL of swipes: stored, matched and told in one statement, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    Text,
    Uuid,
    bindparam,
    cast,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from app.database import Compiled
from app.matches.queries import make_match, note_like, tell_both
from app.matches.tables import matches
from app.pets.tables import adoptable, pets
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy import CTE, ColumnElement, Select
    from sqlalchemy.types import TypeEngine

COLUMNS = ("id", "user_id", "pet_id", "liked", "notes", "created_at")
# What is given of each swipe.
GIVEN: dict[str, TypeEngine[Any]] = {
    "id": Uuid(),
    "user_id": Uuid(),
    "pet_id": Uuid(),
    "liked": Boolean(),
    "notes": Text(),
    "origin": Text(),
}
PAIR = ("user_id", "pet_id")


def _given() -> CTE:
    """Turn a JSON array of objects, the parameter `given`, into rows.

    One text costs less to hand over than an array for each column, by far.
    """
    columns = [column(name, kind) for name, kind in GIVEN.items()]
    array = cast(bindparam("given", type_=Text()), JSON())
    rows = func.json_to_recordset(array).table_valued(*columns, name="swipe")
    return select(rows.render_derived(with_types=True)).cte("given")


def _store() -> Select[tuple[object, ...]]:
    given = _given()
    candidates = (
        select(given.c.id, given.c.user_id, pets.c.id, given.c.liked, given.c.notes)
        .join_from(given, pets, pets.c.id == given.c.pet_id)
        .where(pets.c.owner_id != given.c.user_id, adoptable)
        # Two statements with the same swipes wait for one another in the same order.
        .order_by(given.c.user_id, given.c.pet_id)
    )
    swiped = (
        insert(swipes)
        .from_select(["id", "user_id", "pet_id", "liked", "notes"], candidates)
        .on_conflict_do_nothing(index_elements=PAIR)
        .returning(*(swipes.c[name] for name in COLUMNS))
        .cte("swiped")
    )
    matched = make_match(note_like(swiped))
    written_in = (
        select(given.c.origin)
        .join_from(given, swiped, swiped.c.id == given.c.id)
        .where(swiped.c.user_id == matched.c.user_id, swiped.c.pet_id == matched.c.pet_id)
        .scalar_subquery()
    )
    mutual = (matched.c.user_id == swiped.c.user_id) & (matched.c.pet_id == swiped.c.pet_id)
    return (
        select(swiped.c.id, swiped.c.created_at, matched.c.id.label("match_id"))
        .select_from(swiped.outerjoin(matched, mutual))
        .add_cte(tell_both(matched, written_in))
    )


def _first() -> Select[tuple[object, ...]]:
    arrays = [bindparam(name, type_=ARRAY(Uuid())) for name in PAIR]
    columns = [column(name, Uuid()) for name in PAIR]
    asked = func.unnest(*arrays).table_valued(*columns, name="asked").render_derived()
    found = (
        asked.outerjoin(
            swipes, (swipes.c.user_id == asked.c.user_id) & (swipes.c.pet_id == asked.c.pet_id)
        )
        .outerjoin(
            matches, (matches.c.user_id == swipes.c.user_id) & (matches.c.pet_id == swipes.c.pet_id)
        )
        .outerjoin(
            pets,
            (pets.c.id == asked.c.pet_id) & (pets.c.owner_id == asked.c.user_id) & adoptable,
        )
    )
    return select(
        swipes.c.id,
        *(asked.c[name] for name in PAIR),
        *(swipes.c[name] for name in ("liked", "notes", "created_at")),
        matches.c.id.label("match_id"),
        pets.c.id.is_not(None).label("own"),
    ).select_from(found)


# Inserts swipes unless their adopters have swiped these pets, with the matches that they make.
# Yields `id`, `created_at` and `match_id` of each that is new: of no other, and of none that has no
# such pet to adopt.
STORE = Compiled(_store())
# Reads what is stored of pairs of adopter and pet: a row for each, whose `id` is None when nothing
# is, and whether the pet is the adopter's `own`.
FIRST = _first()


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
