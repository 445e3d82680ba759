"""An event on its way to somebody, and what a channel makes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

# These concern the account itself: they go by e-mail and nowhere else, whatever the settings.
PRIVATE = ("account.", "password.")
TOPICS = {"account": "account", "password": "account", "match": "match", "household": "household"}


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the outbox in the hands of a dispatcher, and where its user wants to hear of it.

    `attempts` counts this one; it tells a dispatcher whose lease ran out that the event is no
    longer its own.
    """

    id: UUID
    user_id: UUID
    kind: str
    payload: dict[str, Any]
    created_at: datetime
    attempts: int
    channels_done: tuple[str, ...]
    # None once the account is closed: nobody is told then.
    email: str | None
    display_name: str
    email_wanted: bool
    webhook_url: str | None
    # Where it was written; empty when nobody was tracing.
    traceparent: str | None = None

    @property
    def private(self) -> bool:
        """Whether it goes by e-mail only."""
        return self.kind.startswith(PRIVATE)

    @property
    def topic(self) -> str:
        """Name the group of kinds that metrics tell apart."""
        return TOPICS.get(self.kind.partition(".")[0], "other")

    def document(self) -> dict[str, Any]:
        """Render what programs receive."""
        return {
            "id": str(self.id),
            "kind": self.kind,
            "created_at": self.created_at.isoformat(),
            "data": self.payload,
        }

    def body(self) -> bytes:
        """Render the document as JSON."""
        return json.dumps(self.document()).encode()


class Channel(Protocol):
    """A way to reach somebody."""

    @property
    def name(self) -> str:
        """One of the catalogue's channels."""

    def wants(self, event: Event) -> bool:
        """Say whether this event goes this way."""

    async def deliver(self, event: Event) -> None:
        """Deliver it; raises UndeliverableError when trying again is no use, else anything."""

    async def aclose(self) -> None:
        """Let go of what it holds."""


class DeliveryError(Exception):
    """A delivery failed and may succeed later; the text holds no secret, so it can be stored."""


class UndeliverableError(DeliveryError):
    """A delivery failed and would fail again."""
