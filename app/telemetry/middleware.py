"""Pure ASGI middleware that counts and times every request by its route template."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from app.telemetry.catalog import METHOD, OTHER_METHOD, ROUTE, UNMATCHED

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.telemetry.instruments import HttpInstruments

METHODS = frozenset(METHOD.values)
TEMPLATES = frozenset(ROUTE.values)
SERVER_ERROR = 500


class MetricsMiddleware:
    """Outermost layer: what it counts is what was sent, the framework's own 500 included."""

    def __init__(self, app: ASGIApp, instruments: HttpInstruments) -> None:
        """Wrap an application."""
        self.app = app
        self.instruments = instruments

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Time one request from its first byte to the last byte of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        active = self.instruments.active(method)
        status = SERVER_ERROR
        error = ""
        ended = 0.0

        async def send_and_note(message: Message) -> None:
            nonlocal status, ended
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                ended = perf_counter()

        active.inc()
        started = perf_counter()
        try:
            await self.app(scope, receive, send_and_note)
        except asyncio.CancelledError:
            error = "cancelled"
            raise
        except BaseException:
            error = "exception"
            raise
        finally:
            active.dec()
            seconds = (ended or perf_counter()) - started
            self.instruments.observe(method, route_template(scope), status, error, seconds)


def route_template(scope: Scope) -> str:
    """Return the full template of the route that answered, or `_unmatched` when none did."""
    context = scope.get("fastapi", {}).get("effective_route_context")
    if context is not None:
        # `route.path` lacks the prefixes of included routers since FastAPI 0.137.
        template = context.path
    else:
        # The document and its page are Starlette's routes, which leave an endpoint and no template;
        # they have no parameters, so their path is their template.
        template = scope["path"] if "endpoint" in scope else UNMATCHED
    return template if template in TEMPLATES else UNMATCHED
