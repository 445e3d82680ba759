"""The two routes of swiping as plain ASGI, before FastAPI's router.

FastAPI takes several hundred microseconds to find a route, solve dependencies, and validate what
comes and goes; that is most of what a swipe costs. So `POST /api/swipes` and `GET /api/deck` are
answered here, and whatever is not the plain case goes on to the route that FastAPI has for it and
documents: a body that is not right, an Idempotency-Key, nobody logged in.

Everything around stands where it stood: the gate has recognised the caller and counted the request
in one round trip to Valkey, shared with all requests of that turn of the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from app.errors import respond
from app.telemetry.middleware import BEGUN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

JSON = b"application/json"


class HotPath:
    """Answers some operations by routes of its own; everything else goes on to the application."""

    def __init__(self, app: ASGIApp, routes: Mapping[tuple[str, str], ASGIApp]) -> None:
        """Take the application, and the routes by method and path."""
        self.app = app
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, errors included."""
        route = scope["type"] == "http" and self._routes.get((scope["method"], scope["path"]))
        if not route:
            await self.app(scope, receive, send)
            return
        try:
            await route(scope, receive, send)
        except Exception as error:
            if scope.get(BEGUN):
                # Somebody has answered: the framework raises again what it has answered with 500.
                raise
            answer = await respond(Request(scope), error)
            await answer(scope, receive, send)


async def send_json(send: Send, status: int, body: bytes) -> None:
    """Send a whole answer."""
    length = str(len(body)).encode()
    headers = [(b"content-length", length), (b"content-type", JSON)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
