"""The deck of pets to swipe."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.deck.schemas import Deck
from app.deck.service import read_deck
from app.dependencies import Caller, Held
from app.telemetry import catalog

router = APIRouter(tags=["deck"])


@router.get(catalog.DECK_READ.template, response_model=Deck)
async def deck_read(held: Held, caller: Caller) -> Response:
    """Return the caller's deck, at most 100 pets that were not swiped yet."""
    return Response(await read_deck(held, caller.user_id), media_type="application/json")
