"""Bodies of the notification routes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from app.notifications.addresses import LONGEST_URL, URL_PATTERN

WebhookUrl = Annotated[str, StringConstraints(max_length=LONGEST_URL, pattern=URL_PATTERN)]


class Notification(BaseModel):
    """Something that somebody should know; `data` depends on the kind."""

    id: UUID
    kind: str
    data: dict[str, Any] = Field(validation_alias="payload")
    created_at: datetime
    read_at: datetime | None


class NotificationPage(BaseModel):
    """Notifications, newest first; `next_cursor` continues behind the last one."""

    items: list[Notification]
    next_cursor: UUID | None


class Channels(BaseModel):
    """Where else somebody hears of what is new; the list in the app is always there."""

    email: Annotated[bool, Field(strict=True)]
    webhook_url: WebhookUrl | None = None
