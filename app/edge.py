"""Pure ASGI middleware around every request: its size, its time, and what browsers are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.deadlines import Deadlines
from app.errors import BadRequest, ServiceError, TooLarge, Unavailable, problem
from app.telemetry.catalog import (
    AVATAR_WRITE,
    DOCS,
    PATIENT,
    PET_IMPORT,
    TIMEOUT,
    UPLOAD,
)
from app.telemetry.middleware import BEGUN, ERROR_TYPE, EXTRA

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# A swipe has 200 bytes, the longest description of a pet 16 000.
MAX_BODY = 64 * 1024
# A file comes with the other fields and borders of its form.
FORM_BYTES = 16 * 1024
LARGE = frozenset(route.template for route in (UPLOAD, AVATAR_WRITE, PET_IMPORT))
SLOW = frozenset(route.template for route in PATIENT)
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"strict-transport-security", b"max-age=31536000; includeSubDomains"),
)
CSP = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
# The page of the document loads its script and style from a CDN and starts itself.
DOCS_CSP = (
    b"content-security-policy",
    b"; ".join(
        (
            b"default-src 'none'",
            b"script-src 'unsafe-inline' https://cdn.jsdelivr.net",
            b"style-src 'unsafe-inline' https://cdn.jsdelivr.net",
            b"img-src data: https://fastapi.tiangolo.com",
            b"connect-src 'self'",
            b"frame-ancestors 'none'",
        )
    ),
)
HEADERS, DOCS_HEADERS = (*SECURITY, CSP), (*SECURITY, DOCS_CSP)


async def _refuse(error: ServiceError, scope: Scope, receive: Receive, send: Send) -> None:
    await problem(Request(scope), error.status, str(error), error.headers)(scope, receive, send)


class SecurityHeadersMiddleware:
    """Tell browsers to guess no types, frame nothing and load nothing."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Add the headers to one answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope[EXTRA] += DOCS_HEADERS if scope["path"] == DOCS.template else HEADERS
        await self.app(scope, receive, send)


class BodyLimitMiddleware:
    """Refuse a body that is too large for its route: by its announced size, else as it arrives."""

    def __init__(self, app: ASGIApp, max_upload: int) -> None:
        """Wrap an application; files may have so many bytes."""
        self.app = app
        self.max_upload = max_upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes of one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.max_upload + FORM_BYTES if scope["path"] in LARGE else MAX_BODY
        announced = _announced(scope)
        if announced is not None:
            if not announced.isdigit():
                await _refuse(BadRequest("Content-Length must be a number."), scope, receive, send)
            elif int(announced) > limit:
                await _refuse(_too_large(limit), scope, receive, send)
            else:
                # The server reads no more than that.
                await self.app(scope, receive, send)
            return
        seen = 0

        async def receive_and_count() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                # FastAPI answers 400 to anything else that is raised while it reads a body.
                error = _too_large(limit)
                raise HTTPException(error.status, str(error))
            return message

        await self.app(scope, receive_and_count, send)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body may have at most {limit} bytes.")


def _announced(scope: Scope) -> bytes | None:
    """Return the length that a request says its body has; None when it comes in pieces."""
    length = None
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = value if length is None else length
        elif name == b"transfer-encoding":
            return None
    return length


class DeadlineMiddleware:
    """Answer 503 when a request takes too long: who waits is told, and nothing piles up."""

    def __init__(self, app: ASGIApp, seconds: float, slow_seconds: float) -> None:
        """Wrap an application; routes that hash passwords or move files have the longer time."""
        self.app = app
        self._usual = Deadlines(seconds)
        self._slow = Deadlines(slow_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give one request its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        deadlines = self._slow if scope["path"] in SLOW else self._usual
        task = deadlines.begin()
        try:
            await self.app(scope, receive, send)
        except asyncio.CancelledError:
            if not deadlines.end(task):
                raise
        except BaseException:
            deadlines.end(task)
            raise
        else:
            deadlines.end(task)
            return
        scope[ERROR_TYPE] = TIMEOUT
        if scope.get(BEGUN):
            # Half an answer cannot be taken back: the server closes the connection.
            raise TimeoutError
        late = Unavailable("This took too long; try again.")
        await _refuse(late, scope, receive, send)
