"""Pure ASGI middleware around every request: its size, its time, and what browsers are told."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.errors import BadRequest, ServiceError, TooLarge, Unavailable, problem
from app.telemetry.catalog import (
    AVATAR_WRITE,
    DOCS,
    PATIENT,
    PET_IMPORT,
    TIMEOUT,
    UPLOAD,
)
from app.telemetry.middleware import ERROR_TYPE

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
        extra = (*SECURITY, DOCS_CSP if scope["path"] == DOCS.template else CSP)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await self.app(scope, receive, send_with_headers)


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
        error = TooLarge(f"The body may have at most {limit} bytes.")
        announced = next((v for n, v in scope["headers"] if n == b"content-length"), b"0")
        if not announced.isdigit():
            await _refuse(BadRequest("Content-Length must be a number."), scope, receive, send)
            return
        if int(announced) > limit:
            await _refuse(error, scope, receive, send)
            return
        seen = 0

        async def receive_and_count() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > limit:
                # FastAPI answers 400 to anything else that is raised while it reads a body.
                raise HTTPException(error.status, str(error))
            return message

        await self.app(scope, receive_and_count, send)


class DeadlineMiddleware:
    """Answer 503 when a request takes too long: who waits is told, and nothing piles up."""

    def __init__(self, app: ASGIApp, seconds: float, slow_seconds: float) -> None:
        """Wrap an application; routes that hash passwords or move files have the longer time."""
        self.app = app
        self.seconds = seconds
        self.slow_seconds = slow_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give one request its time."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def send_and_note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(
                self.slow_seconds if scope["path"] in SLOW else self.seconds
            ):
                await self.app(scope, receive, send_and_note)
        except TimeoutError:
            # Half an answer cannot be taken back: the server closes the connection.
            scope[ERROR_TYPE] = TIMEOUT
            if begun:
                raise
            late = Unavailable("This took too long; try again.")
            await _refuse(late, scope, receive, send)
