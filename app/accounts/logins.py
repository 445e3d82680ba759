"""Logging in, and changing a password while logged in."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.accounts.service import GONE, check_credentials, check_password, in_use, set_password
from app.accounts.sessions import Session, open_session
from app.accounts.tables import users
from app.accounts.throttle import guesses
from app.audit.service import record
from app.errors import TooMany, Unauthorized, Unprocessable
from app.telemetry.events import LOGIN_FAILED

if TYPE_CHECKING:
    from uuid import UUID

    from app.accounts.schemas import LogIn, PasswordChange
    from app.dependencies import Resources
    from app.work import Work

LOG = logging.getLogger("app.accounts")
# Enough to see that it is one address that is tried again and again.
SEAL_PREFIX = 16
WRONG = "The e-mail or the password is wrong."


async def log_in(
    held: Resources, work: Work, given: LogIn, address: str
) -> Session | Unauthorized | TooMany:
    """Begin a session, or return the refusal: what is noted of it must be stored all the same.

    Raises TooMany before anything is checked once there were too many failures.
    """
    attempts = guesses(held, given.email, address)
    try:
        await attempts.check()
    except TooMany:
        held.instruments.log_ins["throttled"].inc()
        raise
    who = await check_credentials(held.engine, held.passwords, given.email, given.password)
    if who.user_id is None or not who.right:
        held.instruments.log_ins["failure"].inc()
        account = held.tokens.seal("email", given.email)
        _tell_failure(account, who.user_id, address)
        await record(work, who.user_id, "auth.login_failed", "account", account)
        try:
            await attempts.note_failure()
        except TooMany as refusal:
            return refusal
        return Unauthorized(WRONG)
    # Others may have guessed wrong meanwhile: a thousand guesses at once are still ten.
    await attempts.check()
    session = await open_session(work, held.settings, who.user_id, who.role)
    await record(work, who.user_id, "auth.login", "session", session.id)
    work.afterwards(held.instruments.log_ins["success"].inc)
    return session


async def change_password(
    held: Resources, work: Work, user_id: UUID, given: PasswordChange, address: str
) -> None:
    """Set a new password and end all sessions, the caller's too.

    Raises Unprocessable when the current one is wrong, which counts as a failed log-in.
    """
    statement = select(users.c.email, users.c.password_hash).where(users.c.id == user_id, in_use)
    async with held.engine.connect() as connection:
        row = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Unauthorized(GONE)
    attempts = guesses(held, row.email, address)
    await attempts.check()
    if not await check_password(held.passwords, given.current, row.password_hash):
        _tell_failure(held.tokens.seal("email", row.email), user_id, address)
        await attempts.note_failure()
        raise Unprocessable("The current password is wrong.")
    await attempts.check()
    hashed = await held.passwords.hash(given.new)
    if await set_password(work, held.cache, user_id, hashed) is None:
        raise Unauthorized(GONE)
    await record(work, user_id, "auth.password_change", "account", user_id)


def _tell_failure(account: str, user_id: UUID | None, address: str) -> None:
    """Log a wrong password without the e-mail: a keyed digest, so that nobody can try addresses."""
    noted = {
        "event": LOGIN_FAILED,
        "account": account[:SEAL_PREFIX],
        "user_id": user_id,
        "client_ip": address,
    }
    LOG.info("a log-in failed", extra=noted)
