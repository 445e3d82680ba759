"""Swipes: decide about a pet, read the decisions, take the last one back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.cursors import Cursor
from app.dependencies import Caller, Held
from app.errors import answers
from app.swipes.schemas import NewSwipe, Swipe, SwipeHistory
from app.swipes.service import list_swipes, swipe, undo_last
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["swipes"], route_class=IdempotentRoute)


@router.post(
    catalog.SWIPE_CREATE.template,
    status_code=201,
    responses={200: {"model": Swipe}, **answers(404, 409)},
)
async def swipe_create(
    body: NewSwipe, held: Held, caller: Caller, work: InWork, response: Response
) -> Swipe:
    """Like or pass a pet; the same decision again answers 200 with the first result."""
    stored, new = await swipe(work, held.pipeline, held.instruments, caller.user_id, body)
    if not new:
        response.status_code = 200
    return stored


@router.get(catalog.SWIPE_LIST.template)
async def swipe_list(
    held: Held,
    caller: Caller,
    liked: bool | None = None,
    cursor: Cursor | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SwipeHistory:
    """List the caller's swipes, newest first."""
    return await list_swipes(held.reads, caller.user_id, liked, cursor, limit)


@router.delete(catalog.SWIPE_UNDO.template, status_code=204, responses=answers(404, 409))
async def swipe_undo(held: Held, caller: Caller, work: InWork) -> None:
    """Take the caller's last swipe back, unless it has led to a match."""
    await undo_last(work, held.cache, caller.user_id)
