"""The two routes that are compared, and the one that says when they can be."""

from fastapi import APIRouter, Response, status
from sqlalchemy import text

from app.telemetry.catalog import DECK_READ, HEALTH_STARTUP, SWIPE_CREATE
from loadtests.bench.peers.naive.deck import get_deck, invalidate_deck
from loadtests.bench.peers.naive.dependencies import Cache, CurrentUser, Database
from loadtests.bench.peers.naive.swipes import create_swipe
from loadtests.bench.peers.schemas import Deck, SwipeCreate, SwipeRead

router = APIRouter()


@router.post(SWIPE_CREATE.template, status_code=status.HTTP_201_CREATED)
async def swipe(
    data: SwipeCreate, db: Database, redis: Cache, user: CurrentUser, response: Response
) -> SwipeRead:
    """Like or pass a pet."""
    user_id = user.id
    created, new = await create_swipe(db, user_id, data)
    if not new:
        response.status_code = status.HTTP_200_OK
    await invalidate_deck(redis, user_id)
    return created


@router.get(DECK_READ.template)
async def deck(db: Database, redis: Cache, user: CurrentUser) -> Deck:
    """Return the pets that the caller has not swiped yet."""
    return await get_deck(db, redis, user.id)


@router.get(HEALTH_STARTUP.template)
async def startup(db: Database, redis: Cache) -> dict[str, str]:
    """Say that requests can be served."""
    await db.execute(text("SELECT 1"))
    await redis.ping()
    return {"status": "ok"}
