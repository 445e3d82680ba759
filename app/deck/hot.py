"""`GET /api/deck` for whoever is logged in: a hit costs one round trip to Valkey, the gate's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.auth import Principal
from app.deck.service import ask_deck, read_deck
from app.gate import ASKED
from app.hot_path import send_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from app.dependencies import Resources
    from app.valkey_protocol import Words


def read_ahead(caller: Principal) -> Words:
    """Name what is asked of Valkey while the gate still finds out whether the caller is let in."""
    return ask_deck(caller.user)


class DeckRoute:
    """Answers with the cards as the cache holds them."""

    def __init__(self, app: ASGIApp, held: Resources) -> None:
        """Take the application that answers whoever is not logged in."""
        self.app = app
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        caller = scope["caller"]
        if isinstance(caller, Principal):
            deck = await read_deck(self._held, caller.user_id, scope.get(ASKED))
            await send_json(send, 200, deck)
        else:
            await self.app(scope, receive, send)
