"""`POST /api/swipes` for the plain case: one statement a batch, two shared round trips to Valkey.

The first is the gate's; in the second, which a batch shares, cards leave their decks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from app.auth import Principal
from app.hot_path import JSON, send_json
from app.ids import new_id
from app.outbox.tables import origin
from app.swipes.schemas import PlainSwipe
from app.swipes.storing import Entry
from app.telemetry.catalog import SPAN_SWIPE
from app.telemetry.tracing import span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.batches import Batches
    from app.swipes.storing import Stored

IDEMPOTENCY_KEY = b"idempotency-key"
CONTENT_TYPE = b"content-type"


decode = msgspec.json.Decoder(PlainSwipe).decode
encode = msgspec.json.Encoder().encode


class SwipeRoute:
    """Stores a swipe together with those that come at the same time."""

    def __init__(self, app: ASGIApp, swipes: Batches[Entry, Stored]) -> None:
        """Take the application that answers what is not the plain case."""
        self.app = app
        self._swipes = swipes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store one swipe and answer with it: 201 when it is new, 200 when it was there."""
        caller = scope["caller"]
        if not isinstance(caller, Principal) or not _plain(scope):
            await self.app(scope, receive, send)
            return
        body, after = await _read(receive)
        try:
            new = decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            await self.app(scope, _again(body, after, receive), send)
            return
        with span(SPAN_SWIPE):
            outcome = await self._swipes.put(
                Entry(new_id(), caller.user, new.pet_id, new.liked, new.notes, origin())
            )
        swipe, is_new = outcome
        await send_json(send, 201 if is_new else 200, encode(swipe))


def _plain(scope: Scope) -> bool:
    kind = b""
    for name, value in scope["headers"]:
        if name == CONTENT_TYPE:
            kind = kind or value
        elif name == IDEMPOTENCY_KEY:
            return False
    return bool(kind == JSON)


async def _read(receive: Receive) -> tuple[bytes, Message | None]:
    """Read the whole body; with it comes what has ended it too early, if something has."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body, message
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return body, None


def _again(body: bytes, after: Message | None, receive: Receive) -> Receive:
    """Give what was read to another reader, and then what follows."""
    held: list[Message] = [{"type": "http.request", "body": body, "more_body": after is not None}]
    if after is not None:
        held.append(after)

    async def receive_again() -> Message:
        return held.pop(0) if held else await receive()

    return receive_again
