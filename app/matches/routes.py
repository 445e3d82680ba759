"""The feed of matches."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.dependencies import Caller, Held
from app.matches.schemas import MatchFeed
from app.matches.service import list_matches
from app.telemetry import catalog

router = APIRouter(tags=["matches"])


@router.get(catalog.MATCH_LIST.template)
async def match_list(
    held: Held, caller: Caller, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> MatchFeed:
    """List the caller's matches, newest first."""
    return MatchFeed(items=await list_matches(held.engine, caller.user_id, limit))
