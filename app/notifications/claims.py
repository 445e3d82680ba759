"""The outbox as a queue: events are claimed by lease, and one user's one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    ARRAY,
    Interval,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    select,
    true,
    update,
)

from app.accounts.tables import users
from app.database import transactional
from app.notifications.events import Event
from app.notifications.tables import channels
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from uuid import UUID

    from sqlalchemy import ColumnElement, FromClause, ScalarSelect
    from sqlalchemy.ext.asyncio import AsyncEngine

MAX_ERROR = 500


def _waiting(table: FromClause) -> ColumnElement[bool]:
    return and_(table.c.delivered_at.is_(None), table.c.dead_at.is_(None))


# One look into an index each; as NOT EXISTS they would become a join over a whole backlog.
def _first(user_id: ColumnElement[UUID]) -> ScalarSelect[int]:
    """Find the place of a user's oldest waiting event."""
    other = outbox.alias()
    theirs = (other.c.user_id == user_id) & _waiting(other)
    found = select(func.min(other.c.position)).where(theirs)
    return found.correlate_except(other).scalar_subquery()


def _nothing_in_hand(user_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """None of a user's waiting events is leased or being retried.

    Not even a younger one than the oldest: a transaction that begins early and commits late adds
    an event that is older than one on its way already.
    """
    other = outbox.alias()
    theirs = (other.c.user_id == user_id) & _waiting(other)
    latest = select(func.max(other.c.due_at)).where(theirs)
    return latest.correlate_except(other).scalar_subquery() <= func.now()


# Locking the user, not the event, is what keeps two dispatchers from two events of one user: what
# the second statement sees is everything that earlier holders of the lock have stored.
LOCK_USERS = (
    select(users.c.id)
    .join_from(users, outbox, outbox.c.user_id == users.c.id)
    .where(_waiting(outbox), outbox.c.due_at <= func.now())
    .where(outbox.c.position == _first(outbox.c.user_id), _nothing_in_hand(outbox.c.user_id))
    .order_by(outbox.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(of=users, key_share=True, skip_locked=True)
)
_locked = users.c.id == func.any(bindparam("locked", type_=ARRAY(Uuid)))
_heads = select(_first(users.c.id)).where(_locked, _nothing_in_hand(users.c.id))
_claimed = (
    update(outbox)
    # Whoever had it before may report its delivery this very moment.
    .where(_waiting(outbox))
    .where(outbox.c.position.in_(_heads))
    .values(due_at=func.now() + bindparam("lease", type_=Interval), attempts=outbox.c.attempts + 1)
    .returning(outbox)
    .cte("claimed")
)
_active = users.c.is_active & users.c.deleted_at.is_(None)
RECIPIENT = (
    case((_active, users.c.email)).label("email"),
    users.c.display_name,
    func.coalesce(channels.c.email, true()).label("email_wanted"),
    channels.c.webhook_url,
)
EVENT = (
    "id",
    "user_id",
    "kind",
    "payload",
    "created_at",
    "attempts",
    "channels_done",
    "traceparent",
)
_recipients = users.outerjoin(channels, channels.c.user_id == users.c.id)
CLAIM = select(
    *(_claimed.c[name] for name in EVENT),
    *RECIPIENT,
).select_from(_claimed.join(_recipients, users.c.id == _claimed.c.user_id))


async def claim(engine: AsyncEngine, most: int, lease: timedelta) -> list[Event]:
    """Take up to so many events, of as many users, for as long as the lease lasts."""
    async with transactional(engine).begin() as connection:
        locked = (await connection.execute(LOCK_USERS, {"most": most})).scalars().all()
        if not locked:
            return []
        given = {"locked": locked, "lease": lease}
        rows = (await connection.execute(CLAIM, given)).mappings().all()
    return [Event(**{**row, "channels_done": tuple(row["channels_done"])}) for row in rows]


async def find_recipient(engine: AsyncEngine, user_id: UUID) -> dict[str, Any] | None:
    """Read where a user wants to hear of events, as fields of an Event; None without the user."""
    statement = select(*RECIPIENT).select_from(_recipients).where(users.c.id == user_id)
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else dict(row)


async def note_progress(engine: AsyncEngine, event: Event, done: Sequence[str]) -> bool:
    """Store which channels have an event; returns False when it is no longer ours."""
    return await _change(engine, event, {"channels_done": list(done)})


async def finish(engine: AsyncEngine, event: Event, done: Sequence[str]) -> bool:
    """Store that every channel has an event."""
    values = {"channels_done": list(done), "delivered_at": func.now(), "last_error": None}
    return await _change(engine, event, values)


async def put_back(
    engine: AsyncEngine, event: Event, done: Sequence[str], delay: timedelta, error: str
) -> bool:
    """Let an event be tried again after a delay."""
    due = func.now() + delay
    values = {"channels_done": list(done), "due_at": due, "last_error": error[:MAX_ERROR]}
    return await _change(engine, event, values)


async def bury(engine: AsyncEngine, event: Event, done: Sequence[str], error: str) -> bool:
    """Give an event up; it no longer stands in the way of its user's next one."""
    values = {
        "channels_done": list(done),
        "dead_at": func.now(),
        "last_error": error[:MAX_ERROR],
    }
    return await _change(engine, event, values)


async def measure(engine: AsyncEngine) -> tuple[int, float, int]:
    """Return how many events wait, the age of the oldest in seconds, and how many are dead."""
    waiting = (
        select(
            func.count().label("count"),
            func.coalesce(
                func.extract("epoch", func.now() - func.min(outbox.c.created_at)), 0
            ).label("age"),
        )
        .where(_waiting(outbox))
        .subquery()
    )
    dead = select(func.count()).where(outbox.c.dead_at.is_not(None)).scalar_subquery()
    async with engine.connect() as connection:
        row = (await connection.execute(select(waiting.c.count, waiting.c.age, dead))).one()
    return row[0], max(0.0, float(row[1])), row[2]


async def _change(engine: AsyncEngine, event: Event, values: dict[str, Any]) -> bool:
    # The count of attempts has moved on when somebody else has claimed it since.
    mine = (outbox.c.id == event.id) & (outbox.c.attempts == event.attempts) & _waiting(outbox)
    async with engine.connect() as connection:
        done = await connection.execute(update(outbox).where(mine).values(values))
    return done.rowcount == 1
