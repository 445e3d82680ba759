"""The list of notifications, and where else they go."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.dependencies import Caller, Held
from app.errors import answers
from app.notifications.addresses import AddressPolicy
from app.notifications.schemas import Channels, NotificationPage
from app.notifications.service import (
    list_notifications,
    mark_read,
    read_channels,
    write_channels,
)
from app.settings import Environment, Settings
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["notifications"], route_class=IdempotentRoute)


@router.get(catalog.NOTIFICATION_LIST.template)
async def notification_list(
    held: Held,
    caller: Caller,
    unread: bool | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> NotificationPage:
    """List what the caller should know, newest first: all of it, or only what is unread or read."""
    return await list_notifications(held.engine, caller.user_id, unread, cursor, limit)


@router.put(catalog.NOTIFICATION_READ.template, status_code=204, responses=answers(404))
async def notification_read(notification_id: UUID, caller: Caller, work: InWork) -> None:
    """Note that the caller has read it; once more changes nothing."""
    await mark_read(work, caller.user_id, notification_id)


@router.get(catalog.CHANNELS_READ.template)
async def channels_read(held: Held, caller: Caller) -> Channels:
    """Say where else the caller hears of what is new."""
    return await read_channels(held.engine, caller.user_id)


@router.put(catalog.CHANNELS_WRITE.template)
async def channels_write(body: Channels, held: Held, caller: Caller, work: InWork) -> Channels:
    """Choose where else to hear of what is new: by e-mail, and at a webhook.

    A webhook is sent each event as JSON by POST, maybe more than once: the id is the same then.
    """
    return await write_channels(work, caller.user_id, body, _policy(held.settings))


def _policy(settings: Settings) -> AddressPolicy | None:
    if not settings.feature_webhooks:
        return None
    return AddressPolicy(https_only=settings.environment is Environment.PRODUCTION)
