"""Creating accounts and checking credentials, alike for e-mails with and without an account."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from app.accounts.sessions import revoke_sessions
from app.accounts.tables import reset_tokens, users
from app.accounts.throttle import may_mail
from app.audit.service import record
from app.auth import MAX_PASSWORD_BYTES, Passwords, Role
from app.errors import Unavailable
from app.outbox.service import tell

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from app.accounts.schemas import SignUp
    from app.dependencies import Resources
    from app.work import Work

GONE = "The account of this access token is gone."
in_use = users.c.is_active & users.c.deleted_at.is_(None)


class Credentials(NamedTuple):
    """Whose e-mail was given, if anybody's, and whether the password is right."""

    user_id: UUID | None
    role: Role
    right: bool


async def sign_up(held: Resources, work: Work, new: SignUp) -> None:
    """Create an adopter, or tell the owner of the e-mail that somebody has tried to.

    Both cost one hash and the same statements, and nothing that is answered tells them apart.
    """
    hashed = await held.passwords.hash(new.password)
    may_tell = await may_mail(held, "signup", new.email)
    connection = await work.connection()
    created, owner_id = await _insert_or_find(connection, new, hashed)
    if created:
        work.afterwards(held.instruments.sign_ups.inc)
        await tell(work, owner_id, "account.created", {})
        await record(work, owner_id, "auth.signup", "account", owner_id)
        return
    if may_tell:
        await tell(work, owner_id, "account.exists", {})
    await record(work, None, "auth.signup_again", "account", owner_id)


async def _insert_or_find(
    connection: AsyncConnection, new: SignUp, hashed: str
) -> tuple[bool, UUID]:
    statement = (
        insert(users)
        .values(
            id=uuid4(),
            email=new.email,
            password_hash=hashed,
            display_name=new.display_name,
            role=Role.USER,
        )
        .on_conflict_do_nothing()
        .returning(users.c.id)
    )
    created: UUID | None = await connection.scalar(statement)
    # Asked in both cases, and in a snapshot that sees whoever came first.
    owner_id = await connection.scalar(select(users.c.id).where(users.c.email == new.email))
    if owner_id is None:
        raise Unavailable("The owner of this e-mail has just left; try again.")
    return created is not None, owner_id


async def check_credentials(
    engine: AsyncEngine, passwords: Passwords, email: str, password: str
) -> Credentials:
    """Say whose e-mail this is and whether the password is right; one hash whatever the answer."""
    statement = select(users.c.id, users.c.role, users.c.password_hash, in_use.label("in_use"))
    async with engine.connect() as connection:
        row = (await connection.execute(statement.where(users.c.email == email))).one_or_none()
    hashed = row.password_hash if row is not None and row.in_use else None
    right = await check_password(passwords, password, hashed)
    if row is None:
        return Credentials(None, Role.USER, right=False)
    return Credentials(row.id, Role(row.role), right)


async def check_password(passwords: Passwords, password: str, hashed: str | None) -> bool:
    """Compare; a password that bcrypt cannot take and an unknown account take as long."""
    usable = len(password.encode()) <= MAX_PASSWORD_BYTES and "\0" not in password
    right = await passwords.matches(password if usable else "unusable", hashed)
    return right and usable


async def set_password(work: Work, cache: Redis, user_id: UUID, hashed: str) -> str | None:
    """Store a hash, end all sessions and spoil all reset tokens; returns the account's e-mail.

    None says that there is no such account any more.
    """
    connection = await work.connection()
    email: str | None = await connection.scalar(
        update(users)
        .where(users.c.id == user_id, in_use)
        .values(password_hash=hashed)
        .returning(users.c.email)
    )
    await connection.execute(
        update(reset_tokens)
        .where(reset_tokens.c.user_id == user_id, reset_tokens.c.used_at.is_(None))
        .values(used_at=func.now())
    )
    await revoke_sessions(work, cache, user_id)
    return email
