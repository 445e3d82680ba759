"""Households: found, join, look, leave."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.dependencies import Caller, Held
from app.errors import answers
from app.households.schemas import Household, Invitation, Members, NewHousehold
from app.households.service import (
    create_household,
    join_household,
    leave_household,
    list_members,
    read_household,
)
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["households"], route_class=IdempotentRoute)


@router.post(catalog.HOUSEHOLD_CREATE.template, status_code=201, responses=answers(409))
async def household_create(body: NewHousehold, caller: Caller, work: InWork) -> Household:
    """Found a household; one lives in one household at a time."""
    return await create_household(work, caller.user_id, body.name)


@router.post(catalog.HOUSEHOLD_JOIN.template, responses=answers(404, 409))
async def household_join(body: Invitation, held: Held, caller: Caller, work: InWork) -> Household:
    """Join a household by the invite code of a member."""
    return await join_household(work, held.cache, caller.user_id, body.code)


@router.get(catalog.HOUSEHOLD_READ.template, responses=answers(404))
async def household_read(household_id: UUID, held: Held, caller: Caller) -> Household:
    """Read the household that the caller is in."""
    return await read_household(
        held.engine, held.cache, held.instruments, caller.user_id, household_id
    )


@router.get(catalog.HOUSEHOLD_MEMBERS.template, responses=answers(404))
async def household_members(household_id: UUID, held: Held, caller: Caller) -> Members:
    """List who is in the caller's household, the longest member first."""
    return Members(items=await list_members(held.engine, caller.user_id, household_id))


@router.delete(catalog.HOUSEHOLD_LEAVE.template, status_code=204, responses=answers(404, 409))
async def household_leave(household_id: UUID, held: Held, caller: Caller, work: InWork) -> None:
    """Leave the household; its longest member leads it on, and the last one ends it."""
    await leave_household(work, held.cache, caller.user_id, household_id)
