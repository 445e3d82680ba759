"""The account of whoever is logged in, and accounts for administrators."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from app.accounts.profile import (
    change_account,
    list_accounts,
    read_account,
    read_preferences,
    rename,
    write_preferences,
)
from app.accounts.schemas import Account, AccountChange, AccountPage, AdminChange, Preferences
from app.auth import Principal, Role
from app.dependencies import Caller, Held, require
from app.errors import answers
from app.telemetry import catalog
from app.transactions import IdempotentRoute, InWork

router = APIRouter(tags=["users"], route_class=IdempotentRoute)
Admin = Annotated[Principal, Depends(require(Role.ADMIN))]


@router.get(catalog.ME_READ.template)
async def me_read(held: Held, caller: Caller) -> Account:
    """Read the caller's account."""
    return await read_account(held.engine, caller.user_id)


@router.patch(catalog.ME_CHANGE.template)
async def me_change(body: AccountChange, caller: Caller, work: InWork) -> Account:
    """Change the caller's name."""
    return await rename(work, caller.user_id, body.display_name)


@router.get(catalog.PREFERENCES_READ.template)
async def preferences_read(held: Held, caller: Caller) -> Preferences:
    """Read what the caller looks for."""
    return await read_preferences(held.engine, caller.user_id)


@router.put(catalog.PREFERENCES_WRITE.template)
async def preferences_write(
    body: Preferences, held: Held, caller: Caller, work: InWork
) -> Preferences:
    """Replace what the caller looks for, and make the next deck of it."""
    return await write_preferences(work, held.cache, caller.user_id, body)


@router.get(catalog.USER_LIST.template, responses=answers(403))
async def user_list(
    held: Held,
    _: Admin,
    role: Role | None = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> AccountPage:
    """List accounts, a page at a time."""
    return await list_accounts(held.reads, role, cursor, limit)


@router.patch(catalog.USER_CHANGE.template, responses=answers(403, 404, 409))
async def user_change(
    user_id: UUID, body: AdminChange, held: Held, admin: Admin, work: InWork
) -> Account:
    """Change somebody's role, or close and reopen an account; nobody does so to themselves."""
    return await change_account(work, held.cache, admin.user_id, user_id, body)
