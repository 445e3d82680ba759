"""Cursors of lists that show the newest first: a moment, and an id that no two rows share."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from pydantic import StringConstraints
from sqlalchemy import DateTime, Uuid, literal, tuple_

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

# Every text of this shape is a place, so that none has to be refused.
Cursor = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{32}$")]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
LAST_TICK = (datetime.max.replace(tzinfo=UTC) - EPOCH) // TICK
TICK_BYTES = 8


def write_cursor(at: datetime, row_id: UUID) -> str:
    """Name the place of a row, exactly to PostgreSQL's microsecond."""
    ticks = (at - EPOCH) // TICK
    return urlsafe_b64encode(ticks.to_bytes(TICK_BYTES) + row_id.bytes).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return the place that a cursor names."""
    raw = urlsafe_b64decode(cursor)
    ticks = min(int.from_bytes(raw[:TICK_BYTES]), LAST_TICK)
    return EPOCH + ticks * TICK, UUID(bytes=raw[TICK_BYTES:])


def behind(
    cursor: str, at: ColumnElement[datetime | None], row_id: ColumnElement[UUID]
) -> ColumnElement[bool]:
    """Select the rows behind a cursor in a list that is ordered by both columns, falling."""
    when, last = read_cursor(cursor)
    return tuple_(at, row_id) < tuple_(literal(when, DateTime(timezone=True)), literal(last, Uuid))
