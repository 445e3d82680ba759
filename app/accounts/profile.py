"""What people change about themselves, and administrators about others."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.schemas import Account, AccountPage, Preferences
from app.accounts.service import GONE, in_use
from app.accounts.sessions import revoke_sessions
from app.accounts.tables import preferences, users
from app.audit.service import record
from app.auth import Role
from app.cache import AWAY, deck_key
from app.errors import Conflict, NotFound, Unauthorized

if TYPE_CHECKING:
    from uuid import UUID

    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.accounts.schemas import AdminChange
    from app.work import Work

SHOWN = [users.c[name] for name in Account.model_fields]
WANTED = [preferences.c[name] for name in Preferences.model_fields]


async def read_account(engine: AsyncEngine, user_id: UUID) -> Account:
    """Read the caller's account; raises Unauthorized when it is gone."""
    statement = select(*SHOWN).where(users.c.id == user_id, in_use)
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise Unauthorized(GONE)
    return Account.model_validate(row)


async def rename(work: Work, user_id: UUID, display_name: str) -> Account:
    """Change the caller's name; raises Unauthorized when the account is gone."""
    connection = await work.connection()
    statement = update(users).where(users.c.id == user_id, in_use)
    changed = statement.values(display_name=display_name).returning(*SHOWN)
    row = (await connection.execute(changed)).mappings().one_or_none()
    if row is None:
        raise Unauthorized(GONE)
    await record(work, user_id, "user.change", "account", user_id)
    return Account.model_validate(row)


async def list_accounts(
    engine: AsyncEngine, role: Role | None, after: UUID | None, limit: int
) -> AccountPage:
    """Read a page of the accounts that are not deleted, in a stable order."""
    statement = select(*SHOWN).where(users.c.deleted_at.is_(None)).order_by(users.c.id)
    if role is not None:
        statement = statement.where(users.c.role == role)
    if after is not None:
        statement = statement.where(users.c.id > after)
    async with engine.connect() as connection:
        rows = (await connection.execute(statement.limit(limit + 1))).mappings().all()
    items = [Account.model_validate(row) for row in rows[:limit]]
    return AccountPage(items=items, next_cursor=str(items[-1].id) if len(rows) > limit else None)


async def change_account(
    work: Work, cache: Redis, admin_id: UUID, user_id: UUID, change: AdminChange
) -> Account:
    """Change somebody's role or close an account; ends the sessions, which carry the role.

    Raises NotFound for an unknown account, Conflict for one's own: so one admin always remains.
    """
    values = change.model_dump(exclude_none=True)
    lost = values.get("role", Role.ADMIN) is not Role.ADMIN or change.is_active is False
    if user_id == admin_id and lost:
        raise Conflict("You cannot demote or deactivate yourself; ask another administrator.")
    connection = await work.connection()
    this = (users.c.id == user_id) & users.c.deleted_at.is_(None)
    # Nothing given is no change, and an update needs one.
    changed = update(users).where(this).values(values or {"id": users.c.id})
    row = (await connection.execute(changed.returning(*SHOWN))).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such account.")
    if values:
        await revoke_sessions(work, cache, user_id)
        await record(work, admin_id, "user.change", "account", user_id)
    return Account.model_validate(row)


async def grant_role(work: Work, cache: Redis, email: str, role: Role) -> bool:
    """Give an account a role from outside the API, and say whether there is such an account.

    The first administrator is made this way; all others by an administrator.
    """
    connection = await work.connection()
    changed = update(users).where(users.c.email == email.lower(), in_use).values(role=role)
    user_id = await connection.scalar(changed.returning(users.c.id))
    if user_id is None:
        return False
    await revoke_sessions(work, cache, user_id)
    await record(work, None, "user.grant", "account", user_id)
    return True


async def read_preferences(engine: AsyncEngine, user_id: UUID) -> Preferences:
    """Read what an adopter looks for; who never said so looks for anything."""
    async with engine.connect() as connection:
        found = await connection.execute(select(*WANTED).where(preferences.c.user_id == user_id))
        row = found.mappings().one_or_none()
    return Preferences() if row is None else Preferences.model_validate(row)


async def write_preferences(
    work: Work, cache: Redis, user_id: UUID, wanted: Preferences
) -> Preferences:
    """Replace what an adopter looks for; the next deck is made of it."""
    connection = await work.connection()
    values = wanted.model_dump()
    statement = insert(preferences).values(user_id=user_id, **values)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["user_id"], set_=values)
    )
    await record(work, user_id, "preferences.change", "account", user_id)
    work.afterwards(partial(_drop_deck, cache, user_id))
    return wanted


async def _drop_deck(cache: Redis, user_id: UUID) -> None:
    try:
        await cache.delete(deck_key(user_id))
    except AWAY:
        # The old deck ends with its time to live.
        return
