"""The list of notifications, and where else they go."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from app.audit.service import record
from app.errors import NotFound, Unprocessable
from app.notifications.events import UndeliverableError
from app.notifications.schemas import Channels, Notification, NotificationPage
from app.notifications.tables import channels, notifications

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.notifications.addresses import AddressPolicy
    from app.work import Work

_key = tuple_(notifications.c.created_at, notifications.c.id)


async def list_notifications(
    engine: AsyncEngine, user_id: UUID, unread: bool | None, cursor: UUID | None, limit: int
) -> NotificationPage:
    """Read a page of a user's list; a cursor that is not theirs continues with nothing."""
    mine = notifications.c.user_id == user_id
    statement = select(notifications).where(mine)
    if unread is not None:
        statement = statement.where(notifications.c.read_at.is_(None) == unread)
    if cursor is not None:
        last = select(notifications.c.created_at, notifications.c.id).where(
            mine, notifications.c.id == cursor
        )
        statement = statement.where(_key < last.scalar_subquery())
    statement = statement.order_by(notifications.c.created_at.desc(), notifications.c.id.desc())
    async with engine.connect() as connection:
        rows = (await connection.execute(statement.limit(limit + 1))).mappings().all()
    items = [Notification.model_validate(row) for row in rows[:limit]]
    return NotificationPage(items=items, next_cursor=items[-1].id if rows[limit:] else None)


async def mark_read(work: Work, user_id: UUID, notification_id: UUID) -> None:
    """Note that a user has read a notification; raises NotFound when it is not theirs."""
    connection = await work.connection()
    mine = (notifications.c.id == notification_id) & (notifications.c.user_id == user_id)
    read = (
        update(notifications)
        .where(mine, notifications.c.read_at.is_(None))
        .values(read_at=func.now())
    )
    if (await connection.execute(read)).rowcount:
        await record(work, user_id, "notification.read", "notification", notification_id)
    elif await connection.scalar(select(notifications.c.id).where(mine)) is None:
        raise NotFound("There is no such notification.")


async def read_channels(engine: AsyncEngine, user_id: UUID) -> Channels:
    """Read where else a user wants to hear of what is new."""
    statement = select(channels.c.email, channels.c.webhook_url).where(
        channels.c.user_id == user_id
    )
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).mappings().one_or_none()
    # Without checking the URL again: it was good when it was stored.
    return Channels(email=True) if row is None else Channels.model_construct(**row)


async def write_channels(
    work: Work, user_id: UUID, wanted: Channels, policy: AddressPolicy | None
) -> Channels:
    """Store it; raises Unprocessable when the URL is refused, as any is without a policy."""
    if wanted.webhook_url is not None:
        if policy is None:
            raise Unprocessable("Webhooks are switched off; send null.")
        try:
            policy.check_url(wanted.webhook_url)
        except UndeliverableError as error:
            raise Unprocessable(f"webhook_url: {error}.") from None
    connection = await work.connection()
    row = insert(channels).values(user_id=user_id, **wanted.model_dump())
    await connection.execute(
        row.on_conflict_do_update(index_elements=["user_id"], set_=wanted.model_dump())
    )
    await record(work, user_id, "channels.change", "user", user_id)
    return wanted
