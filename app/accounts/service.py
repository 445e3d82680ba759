"""Creating accounts and checking credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.accounts.tables import users
from app.auth import MAX_PASSWORD_BYTES, Passwords, Role
from app.errors import Conflict, Unauthorized

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from app.work import Work


async def create_account(
    work: Work, passwords: Passwords, email: str, password: str, display_name: str
) -> UUID:
    """Create an adopter; raises Conflict when the e-mail already has an account."""
    hashed = await passwords.hash(password)
    statement = (
        insert(users)
        .values(
            id=uuid4(),
            email=email,
            password_hash=hashed,
            display_name=display_name,
            role=Role.USER,
        )
        .on_conflict_do_nothing()
        .returning(users.c.id)
    )
    connection = await work.connection()
    created: UUID | None = await connection.scalar(statement)
    if created is None:
        raise Conflict("This e-mail already has an account; log in instead.")
    return created


async def check_credentials(
    engine: AsyncEngine, passwords: Passwords, email: str, password: str
) -> tuple[UUID, Role]:
    """Return who these credentials belong to; raises Unauthorized when nobody's."""
    statement = select(users.c.id, users.c.role, users.c.password_hash).where(
        users.c.email == email, users.c.is_active, users.c.deleted_at.is_(None)
    )
    async with engine.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    usable = len(password.encode()) <= MAX_PASSWORD_BYTES and "\0" not in password
    hashed = row.password_hash if row is not None and usable else None
    if not await passwords.matches(password if usable else "unusable", hashed) or row is None:
        raise Unauthorized("The e-mail or the password is wrong.")
    return row.id, Role(row.role)
