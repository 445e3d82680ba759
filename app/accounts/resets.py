"""Setting a new password by a token from an e-mail: 128 random bits, stored as a digest."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Text, false, func, insert, literal, select, true, update
from sqlalchemy.dialects.postgresql import JSONB

from app.accounts.service import in_use, set_password
from app.accounts.tables import reset_tokens, users
from app.accounts.throttle import guesses, may_mail
from app.audit.service import record
from app.auth import token_digest
from app.errors import Unprocessable
from app.outbox.tables import outbox

if TYPE_CHECKING:
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncConnection

    from app.dependencies import Resources
    from app.work import Work

WRONG = "The reset token is wrong, used or expired; ask for a new one."


async def make_reset_token(connection: AsyncConnection, user_id: UUID, seconds: int) -> str:
    """Store the digest of a new token and return the token itself."""
    token = secrets.token_urlsafe(16)
    await connection.execute(
        insert(reset_tokens).values(
            digest=token_digest(token),
            user_id=user_id,
            expires_at=func.now() + timedelta(seconds=seconds),
        )
    )
    return token


async def request_reset(held: Resources, work: Work, email: str) -> None:
    """Queue the e-mail to whoever has this address; the token is made when it is delivered.

    The same statements whether or not there is an account, and whether or not it had enough of
    these e-mails already.
    """
    allowed = true() if await may_mail(held, "reset", email) else false()
    owner = select(users.c.id, literal("password.reset", Text), literal({}, JSONB)).where(
        users.c.email == email, in_use, allowed
    )
    connection = await work.connection()
    await connection.execute(insert(outbox).from_select(["user_id", "kind", "payload"], owner))
    await record(work, None, "auth.reset_request", "account", held.tokens.seal("email", email))
    work.afterwards(held.instruments.password_resets["requested"].inc)


async def confirm_reset(
    held: Resources, work: Work, token: str, password: str, address: str
) -> None:
    """Set the password of whom the token was sent to, once, and end all sessions.

    Raises Unprocessable for any other token, after the same hash.
    """
    hashed = await held.passwords.hash(password)
    connection = await work.connection()
    user_id = await connection.scalar(
        update(reset_tokens)
        .where(
            reset_tokens.c.digest == token_digest(token),
            reset_tokens.c.used_at.is_(None),
            reset_tokens.c.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(reset_tokens.c.user_id)
    )
    email = None if user_id is None else await set_password(work, held.cache, user_id, hashed)
    if user_id is None or email is None:
        raise Unprocessable(WRONG)
    await record(work, user_id, "auth.password_reset", "account", user_id)
    work.afterwards(held.instruments.password_resets["confirmed"].inc)
    work.afterwards(guesses(held, email, address).forgive)
