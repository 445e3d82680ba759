"""The two routes that are compared, and the one that says when they can be."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Response
from sqlalchemy import text

from app.telemetry.catalog import DECK_READ, HEALTH_STARTUP, SWIPE_CREATE
from loadtests.bench.peers.careful.deck import deck_key, read_deck
from loadtests.bench.peers.careful.gate import Caller
from loadtests.bench.peers.careful.resources import engine, gate, redis, settings
from loadtests.bench.peers.careful.swipes import store_swipe
from loadtests.bench.peers.schemas import Deck, SwipeCreate, SwipeRead

JSON = "application/json"
router = APIRouter()
CalledBy = Annotated[Caller, Depends(gate)]


@router.post(SWIPE_CREATE.template, status_code=201, response_model=SwipeRead)
async def swipe(new: SwipeCreate, caller: CalledBy) -> Response:
    """Like or pass a pet."""
    stored, is_new = await store_swipe(engine, caller.user_id, new)
    await redis.hdel(deck_key(caller.user_id), str(new.pet_id))
    body = msgspec.json.encode(dict(stored))
    return Response(body, 201 if is_new else 200, caller.headers, JSON)


@router.get(DECK_READ.template, response_model=Deck)
async def deck(caller: CalledBy) -> Response:
    """Return the pets that the caller has not swiped yet."""
    size, ttl = settings.deck_size, settings.deck_ttl_seconds
    cards = await read_deck(engine, redis, caller.user_id, size, ttl)
    body = f'{{"items":[{",".join(cards)}],"empty":{"false" if cards else "true"}}}'
    return Response(body, 200, caller.headers, JSON)


@router.get(HEALTH_STARTUP.template)
async def startup() -> dict[str, str]:
    """Say that requests can be served."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))
    await redis.ping()
    return {"status": "ok"}
