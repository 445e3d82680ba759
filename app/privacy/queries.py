"""Where people's data is, table by table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    case,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from app.accounts.tables import preferences, refresh_tokens, reset_tokens, sessions
from app.households.tables import household_members, households
from app.idempotency.tables import idempotency_keys
from app.matches.tables import MatchStatus, interests, matches
from app.media.tables import uploads
from app.notifications.tables import channels, notifications
from app.outbox.tables import outbox
from app.pets.tables import pets
from app.shelters.tables import shelters
from app.swipes.tables import swipes

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any
    from uuid import UUID

    from sqlalchemy import Table


class Section(NamedTuple):
    """A part of an export: whose rows, in the order of a key that no two of them share."""

    name: str
    columns: tuple[ColumnElement[Any], ...]
    owner: ColumnElement[UUID]
    key: ColumnElement[UUID]
    source: FromClause

    def page(self, user_id: UUID, after: UUID | None, limit: int) -> Select[tuple[object, ...]]:
        """Select the next rows behind a key."""
        statement = (
            select(*self.columns, self.key.label("_key"))
            .select_from(self.source)
            .where(self.owner == user_id)
            .order_by(self.key)
            .limit(limit)
        )
        return statement if after is None else statement.where(self.key > after)


def _section(name: str, table: Table, owner: str, key: str, hidden: Iterable[str] = ()) -> Section:
    left_out = {owner, *hidden}
    columns = tuple(column for column in table.c if column.name not in left_out)
    return Section(name, columns, table.c[owner], table.c[key], table)


SECTIONS = (
    _section("swipes", swipes, "user_id", "id"),
    _section("matches", matches, "user_id", "id"),
    _section("interests", interests, "user_id", "pet_id"),
    # A place in the order of decks is nobody's data.
    _section("pets", pets, "owner_id", "id", ("shuffle",)),
    _section("uploads", uploads, "owner_id", "id"),
    Section(
        "households",
        (
            households.c.id,
            households.c.name,
            household_members.c.joined_at,
            (households.c.leader_id == household_members.c.user_id).label("is_leader"),
        ),
        household_members.c.user_id,
        household_members.c.household_id,
        household_members.join(households),
    ),
    _section("shelters", shelters, "user_id", "user_id"),
    _section("channels", channels, "user_id", "user_id"),
    _section("notifications", notifications, "user_id", "id"),
    _section("sessions", sessions, "user_id", "id"),
)


def personal(user_id: UUID) -> tuple[tuple[Table, ColumnElement[bool]], ...]:
    """List the rows that go when somebody does."""
    of_theirs = select(sessions.c.id).where(sessions.c.user_id == user_id)
    return (
        (preferences, preferences.c.user_id == user_id),
        (channels, channels.c.user_id == user_id),
        (notifications, notifications.c.user_id == user_id),
        (outbox, outbox.c.user_id == user_id),
        (interests, interests.c.user_id == user_id),
        (shelters, shelters.c.user_id == user_id),
        (reset_tokens, reset_tokens.c.user_id == user_id),
        (refresh_tokens, refresh_tokens.c.session_id.in_(of_theirs)),
        # Answers that were kept to be given again.
        (idempotency_keys, idempotency_keys.c.owner == str(user_id)),
    )


def decline_all(user_id: UUID) -> Insert:
    """Decline what is going on between somebody and others, with an event for each other."""
    owned = select(pets.c.id).where(pets.c.owner_id == user_id)
    declined = (
        update(matches)
        .where(
            or_(matches.c.user_id == user_id, matches.c.pet_id.in_(owned)),
            matches.c.status.in_((MatchStatus.PENDING, MatchStatus.ACCEPTED)),
        )
        .values(status=MatchStatus.DECLINED, status_changed_at=func.now())
        .returning(matches.c.id, matches.c.user_id, matches.c.pet_id)
        .cte("declined")
    )
    other = case((declined.c.user_id == user_id, pets.c.owner_id), else_=declined.c.user_id)
    news = func.jsonb_build_object(
        *("match_id", declined.c.id, "pet_id", pets.c.id, "pet_name", pets.c.name)
    )
    kind = literal(f"match.{MatchStatus.DECLINED}", Text)
    told = select(other, kind, news).join_from(declined, pets, pets.c.id == declined.c.pet_id)
    return insert(outbox).from_select(["user_id", "kind", "payload"], told)
