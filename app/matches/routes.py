"""Matches: the feed, one of them, and how far it has come."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.cursors import Cursor
from app.dependencies import Caller, Held
from app.errors import answers
from app.matches.schemas import Match, MatchChange, MatchFeed, Side
from app.matches.service import change_match, list_matches, read_match
from app.matches.tables import MatchStatus
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["matches"], route_class=IdempotentRoute)


@router.get(catalog.MATCH_LIST.template)
async def match_list(
    held: Held,
    caller: Caller,
    side: Annotated[Side, Query(alias="as")] = Side.ADOPTER,
    status: MatchStatus | None = None,
    cursor: Cursor | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> MatchFeed:
    """List the caller's matches, newest first; `as=owner` lists those of the caller's pets."""
    return await list_matches(held.reads, caller.user_id, side, status, cursor, limit)


@router.get(catalog.MATCH_READ.template, responses=answers(404))
async def match_read(match_id: UUID, held: Held, caller: Caller) -> Match:
    """Read a match of the caller, or of one of the caller's pets."""
    return await read_match(held.engine, caller, match_id)


@router.patch(catalog.MATCH_CHANGE.template, responses=answers(404, 409))
async def match_change(
    match_id: UUID, body: MatchChange, held: Held, caller: Caller, work: InWork
) -> Match:
    """Accept, decline or complete a match as the pet's owner; an adopter can decline."""
    return await change_match(work, held.cache, caller, match_id, body.status)
