"""Admirers of a pet: its owner reads who likes it, and answers them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.cursors import Cursor
from app.dependencies import Caller, Held
from app.errors import answers
from app.matches.interests import answer_admirer
from app.matches.schemas import Answer, Answered
from app.swipes.admirers import list_admirers
from app.swipes.schemas import AdmirerPage
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["matches"], route_class=IdempotentRoute)


@router.get(catalog.ADMIRER_LIST.template, responses=answers(404))
async def admirer_list(
    pet_id: UUID,
    held: Held,
    caller: Caller,
    *,
    answered: bool = False,
    cursor: Cursor | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AdmirerPage:
    """List who likes the caller's pet and waits for an answer, newest first."""
    return await list_admirers(held.reads, caller, pet_id, answered, cursor, limit)


@router.put(catalog.ADMIRER_ANSWER.template, responses=answers(404, 409))
async def admirer_answer(
    pet_id: UUID, user_id: UUID, body: Answer, held: Held, caller: Caller, work: InWork
) -> Answered:
    """Say whether the pet's owner is interested in an adopter, who may like the pet later."""
    return await answer_admirer(work, held.instruments, caller, pet_id, user_id, body.interested)
