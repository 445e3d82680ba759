"""The SQL that makes a match, whichever side came second, and the SQL that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import CTE, String, case, func, insert, literal, select, true, union_all
from sqlalchemy.dialects.postgresql import insert as upsert

from app.accounts.tables import users
from app.matches.tables import MatchStatus, interests, matches
from app.outbox.tables import origin, outbox
from app.pets.tables import pets

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, FromClause, Insert, Select

EVENT = ["user_id", "kind", "payload", "traceparent"]
PAIR = ("user_id", "pet_id")
adopters = users.alias("adopters")
owners = users.alias("owners")


def note_like(swiped: CTE) -> CTE:
    """Extend the statement that stores a swipe: note a like beside what the owner thinks of it.

    `swiped` yields user_id, pet_id, liked and created_at of the rows that were new. The owner of
    an `auto_match` pet has said yes in advance, unless they have said no since.
    """
    new = (
        select(
            swiped.c.user_id,
            swiped.c.pet_id,
            swiped.c.created_at,
            case((pets.c.auto_match, swiped.c.created_at)),
            case((pets.c.auto_match, true())),
        )
        .join_from(swiped, pets, pets.c.id == swiped.c.pet_id)
        .where(swiped.c.liked)
    )
    statement = upsert(interests).from_select([*PAIR, "liked_at", "answered_at", "interested"], new)
    given = statement.excluded
    return (
        statement.on_conflict_do_update(
            index_elements=PAIR,
            set_={
                "liked_at": given.liked_at,
                "answered_at": func.coalesce(interests.c.answered_at, given.answered_at),
                "interested": func.coalesce(interests.c.interested, given.interested),
            },
        )
        .returning(*interests.c)
        .cte("noted")
    )


def note_answer(user_id: UUID, pet_id: UUID, interested: bool) -> CTE:
    """Note what the owner thinks beside the adopter's like; `answered_at` moves with a change."""
    statement = upsert(interests).values(
        user_id=user_id, pet_id=pet_id, interested=interested, answered_at=func.now()
    )
    given = statement.excluded
    changed = interests.c.interested.is_distinct_from(given.interested)
    return (
        statement.on_conflict_do_update(
            index_elements=PAIR,
            set_={
                "interested": given.interested,
                "answered_at": case((changed, given.answered_at), else_=interests.c.answered_at),
            },
        )
        .returning(*interests.c)
        .cte("noted")
    )


def make_match(noted: CTE) -> CTE:
    """Make a match of a noted interest that is mutual now.

    The note's row is locked until the commit, and the pair is unique among the matches: under any
    race a match is made once.
    """
    new = select(
        func.gen_random_uuid(), noted.c.user_id, noted.c.pet_id, literal(MatchStatus.PENDING)
    ).where(noted.c.liked_at.is_not(None), noted.c.interested)
    return (
        upsert(matches)
        .from_select(["id", *PAIR, "status"], new)
        .on_conflict_do_nothing(index_elements=PAIR)
        .returning(matches.c.id, matches.c.user_id, matches.c.pet_id)
        .cte("matched")
    )


def tell_both(matched: CTE, written_in: ColumnElement[str | None]) -> CTE:
    """Tell the adopter and the owner of a new match, in the statement that makes it.

    `written_in` is the span of whoever has made it.
    """
    kind = "match.created"
    both = union_all(
        _event(matched, kind, matched.c.user_id, written_in),
        _event(matched, kind, pets.c.owner_id, written_in),
    )
    return insert(outbox).from_select(EVENT, both).cte("told")


def here() -> ColumnElement[str | None]:
    """Name the span that is open now: the default of the column is not asked for in a CTE."""
    return literal(origin(), String)


def decline_others(match_id: UUID, pet_id: UUID) -> Insert:
    """Decline what is still open about a pet that has found its home, and tell those adopters."""
    declined = (
        matches.update()
        .where(
            matches.c.pet_id == pet_id,
            matches.c.id != match_id,
            matches.c.status.in_((MatchStatus.PENDING, MatchStatus.ACCEPTED)),
        )
        .values(status=MatchStatus.DECLINED, status_changed_at=func.now())
        .returning(matches.c.id, matches.c.user_id, matches.c.pet_id)
        .cte("declined")
    )
    event = _event(declined, "match.declined", declined.c.user_id, here())
    return insert(outbox).from_select(EVENT, event)


def _event(
    made: CTE, kind: str, user_id: ColumnElement[UUID], written_in: ColumnElement[str | None]
) -> Select[tuple[UUID, str, dict[str, str], str | None]]:
    payload = func.jsonb_build_object(
        "match_id", made.c.id, "pet_id", made.c.pet_id, "pet_name", pets.c.name
    )
    return select(user_id, literal(kind, String), payload, written_in).join_from(
        made, pets, pets.c.id == made.c.pet_id
    )


def shown(conditions: Sequence[ColumnElement[bool]]) -> Select[tuple[object, ...]]:
    """Read matches as both of their parties see them, newest first."""
    return (
        _columns(matches)
        .join_from(matches, pets, pets.c.id == matches.c.pet_id)
        .join(adopters, adopters.c.id == matches.c.user_id)
        .join(owners, owners.c.id == pets.c.owner_id)
        .where(*conditions)
        .order_by(matches.c.matched_at.desc(), matches.c.id.desc())
    )


def shown_to_owner(
    owner_id: UUID, conditions: Sequence[ColumnElement[bool]], limit: int
) -> Select[tuple[object, ...]]:
    """Read the newest matches of an owner's pets: at most the limit's newest of each pet.

    The limit within keeps PostgreSQL at looking pet by pet, where a plain join would read all
    matches there are.
    """
    newest = (
        select(matches)
        .where(matches.c.pet_id == pets.c.id, *conditions)
        .order_by(matches.c.matched_at.desc(), matches.c.id.desc())
        .limit(limit)
        .lateral("newest")
    )
    return (
        _columns(newest)
        .join_from(pets, newest, true())
        .join(adopters, adopters.c.id == newest.c.user_id)
        .join(owners, owners.c.id == pets.c.owner_id)
        .where(pets.c.owner_id == owner_id)
        .order_by(newest.c.matched_at.desc(), newest.c.id.desc())
        .limit(limit)
    )


def _columns(match: FromClause) -> Select[tuple[object, ...]]:
    return select(
        match.c.id,
        match.c.pet_id,
        pets.c.name.label("pet_name"),
        pets.c.photo_url.label("pet_photo_url"),
        match.c.user_id.label("adopter_id"),
        adopters.c.display_name.label("adopter_name"),
        adopters.c.avatar_url.label("adopter_avatar_url"),
        pets.c.owner_id,
        owners.c.display_name.label("owner_name"),
        match.c.status,
        match.c.matched_at,
        match.c.status_changed_at,
    )
