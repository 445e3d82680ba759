"""The same request sent again under one Idempotency-Key happens once and is answered alike.

After draft-ietf-httpapi-idempotency-key-header: the stored answer byte for byte, 422 when the key
comes with another payload, 409 while the first is still running. Only answers that changed
something are stored; a refusal changed nothing, so the same request is simply tried again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import Response
from sqlalchemy import delete, func, insert, select

from app.errors import BadRequest, Conflict, Unprocessable
from app.idempotency.tables import idempotency_keys as keys

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection
    from starlette.requests import Request

    from app.work import Work

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT = timedelta(hours=24)
# The draft's structured string, and the same without its quotes, which most clients send.
KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


@dataclass(frozen=True, slots=True)
class Claim:
    """A key in the hands of one request: whose it is, for what, and what it was sent with."""

    owner: str
    operation: str
    key: str
    fingerprint: bytes


def make_claim(request: Request, owner: str, fingerprint: bytes) -> Claim | None:
    """Read the header; returns None without one, raises BadRequest when it is no key."""
    given = request.headers.get(HEADER)
    if given is None:
        return None
    found = KEY.fullmatch(given)
    if found is None:
        raise BadRequest(f"{HEADER} must be 1 to 255 visible characters, best a UUID.")
    operation = f"{request.method} {request.url.path}"[:200]
    return Claim(owner, operation, found[1], fingerprint)


async def replay(work: Work, claim: Claim) -> Response | None:
    """Take the key for this transaction; returns the stored answer when there is one.

    Raises Conflict while another request holds the key, Unprocessable when it was used for
    another payload.
    """
    connection = await work.connection()
    outcomes = work.instruments.idempotency
    if not await _lock(connection, claim):
        outcomes["running"].inc()
        raise Conflict("The first request with this Idempotency-Key is still being answered.")
    mine = _row(claim)
    await connection.execute(delete(keys).where(mine, keys.c.created_at < func.now() - KEPT))
    row = (await connection.execute(select(keys).where(mine))).one_or_none()
    if row is None:
        work.afterwards(outcomes["first"].inc)
        return None
    if row.fingerprint != claim.fingerprint:
        outcomes["mismatch"].inc()
        raise Unprocessable("This Idempotency-Key was used for another request; make a new one.")
    outcomes["replayed"].inc()
    return Response(row.body, row.status, {REPLAYED: "true"}, row.media_type)


async def keep(work: Work, claim: Claim, response: Response) -> None:
    """Store the answer in the transaction of what it answers."""
    connection = await work.connection()
    await connection.execute(
        insert(keys).values(
            owner=claim.owner,
            operation=claim.operation,
            key=claim.key,
            fingerprint=claim.fingerprint,
            status=response.status_code,
            media_type=response.headers.get("content-type", "application/json"),
            body=bytes(response.body),
        )
    )


async def forget_old_keys(connection: AsyncConnection) -> int:
    """Delete the answers that are older than 24 h; returns how many there were."""
    done = await connection.execute(delete(keys).where(keys.c.created_at < func.now() - KEPT))
    return done.rowcount


async def _lock(connection: AsyncConnection, claim: Claim) -> bool:
    name = f"{claim.owner} {claim.operation} {claim.key}"
    # Ends with the transaction, whatever becomes of this process.
    number = func.hashtextextended(name, 0)
    return bool(await connection.scalar(select(func.pg_try_advisory_xact_lock(number))))


def _row(claim: Claim) -> ColumnElement[bool]:
    return (
        (keys.c.owner == claim.owner)
        & (keys.c.operation == claim.operation)
        & (keys.c.key == claim.key)
    )
