"""Pure ASGI middleware around everything: each request is counted, timed, traced and logged once.

What it counts is what was sent, the framework's own 500 included, at the moment of the last byte:
work that goes on after it is nobody's waiting time.
"""

from __future__ import annotations

import asyncio
import re
from time import perf_counter
from typing import TYPE_CHECKING

from app.telemetry.catalog import (
    ANSWERED,
    CANCELLED,
    DISCONNECTED,
    EXCEPTION,
    FAILURES,
    MALFORMED,
    METHOD,
    OTHER_METHOD,
    ROUTES,
    TIMEOUT,
)
from app.telemetry.operations import Operations
from app.telemetry.tracing import IDS, Kind
from app.telemetry.w3c import read_headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.telemetry.instruments import ApiInstruments
    from app.telemetry.process import Telemetry
    from app.telemetry.tracing import Span

METHODS = frozenset(METHOD.values)
BAD_REQUEST = 400
SERVER_ERROR = 500
REQUEST_ID = b"x-request-id"
# An id from outside ends up in logs and problem bodies, so it may only be an id.
SAFE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
# What an inner layer knows better than the status does: `scope["error_type"]`.
ERROR_TYPE = "error_type"
# Headers that an answer to this request has in any case; whatever stands in between adds its own.
EXTRA = "petswipe.headers"
# Whether the head of an answer has been sent.
BEGUN = "petswipe.begun"
# Why the connection ended before the answer did, which the server knows first.
BROKEN_OFF = "petswipe.broken_off"


def request_id(headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return the X-Request-ID of a request if it is safe, else a new one."""
    for name, value in headers:
        if name == REQUEST_ID and SAFE.fullmatch(value):
            return value
    return f"{IDS.getrandbits(128):032x}".encode()


class RequestIdMiddleware:
    """Gives every request an id and nothing else: what stands here when nothing is measured."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mark one request and its answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        mark = request_id(scope["headers"])
        scope["request_id"] = mark.decode()
        extra = scope[EXTRA] = [(REQUEST_ID, mark)]

        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope[BEGUN] = True
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        await self.app(scope, receive, send_marked)


class TelemetryMiddleware:
    """Outermost layer of the application."""

    def __init__(
        self,
        app: ASGIApp,
        instruments: ApiInstruments,
        telemetry: Telemetry,
        operations: Operations | None = None,
    ) -> None:
        """Wrap an application whose operations are the catalogue's, unless others are given."""
        self.app = app
        self.instruments = instruments
        self.telemetry = telemetry
        self.operations = operations or Operations(ROUTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Follow one request from its first byte to the last byte of the answer."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(self, scope, receive, send)
        try:
            await self.app(scope, exchange.receive, exchange.send)
        except asyncio.CancelledError:
            exchange.finish(CANCELLED)
            raise
        except TimeoutError:
            exchange.finish(TIMEOUT)
            raise
        except Exception:
            exchange.finish(EXCEPTION)
            # Starlette raises again what it has answered with 500, and our handler has logged it:
            # the server would log it once more and close a connection that the client may use.
            if not (exchange.answered and scope.get(ERROR_TYPE) == EXCEPTION):
                raise
        finally:
            # A no-op after a whole answer; half an answer is a failure whatever its status says.
            exchange.finish(EXCEPTION)


class Exchange:
    """One request and its answer: what has been seen of them so far."""

    __slots__ = (
        "_active",
        "_begun",
        "_bytes",
        "_done",
        "_headers_at",
        "_outer",
        "_receive",
        "_root",
        "_scope",
        "_send",
        "_started",
        "_status",
        "answered",
    )

    def __init__(
        self, outer: TelemetryMiddleware, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Begin to measure."""
        self._started = perf_counter()
        self._outer, self._scope, self._receive, self._send = outer, scope, receive, send
        headers = scope["headers"]
        encoded = request_id(headers)
        mark = scope["request_id"] = encoded.decode()
        scope[EXTRA] = [(REQUEST_ID, encoded)]
        method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
        self._active = outer.instruments.active[method]
        self._active.inc()
        self._root: Span = outer.telemetry.tracer.begin(
            method, Kind.SERVER, read_headers(headers), mark
        )
        self._status = self._bytes = 0
        self._headers_at = 0.0
        self._begun = self._done = False
        # Whether the whole answer has been sent.
        self.answered = False

    async def receive(self) -> Message:
        """Notice when the client has gone."""
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._scope.setdefault(BROKEN_OFF, DISCONNECTED)
        return message

    async def send(self, message: Message) -> None:
        """Mark the answer, and finish with its last byte."""
        if message["type"] == "http.response.start":
            self._begun = self._scope[BEGUN] = True
            message["headers"] = [*message.get("headers", ()), *self._scope[EXTRA]]
            await self._send(message)
            # A header that cannot be sent has raised, and for nobody nothing is sent.
            if BROKEN_OFF not in self._scope:
                self._status = message["status"]
                self._headers_at = perf_counter()
            return
        self._bytes += len(message.get("body", b""))
        await self._send(message)
        if not message.get("more_body", False):
            self.answered = True
            self.finish("")

    def finish(self, error: str) -> None:
        """Count, trace and log, once; whatever ends the request first decides how it ended."""
        if self._done:
            return
        self._done = True
        seconds = perf_counter() - self._started
        self._active.dec()
        status, error = self._outcome(error)
        method, route = self._outer.operations.find(self._scope)
        instruments, root = self._outer.instruments, self._root
        root.name = f"{method} {route}"
        root.attributes = {
            "http.request.method": method,
            "http.route": route,
            "petswipe.request_id": root.trace.request_id,
        }
        if status:
            root.attributes["http.response.status_code"] = status
        trace_id, span_id = f"{root.trace.trace_id:032x}", f"{root.span_id:016x}"
        kept = self._outer.telemetry.tracer.end(root, error if error in FAILURES else "")
        exemplar = {"trace_id": trace_id, "span_id": span_id} if kept else None
        instruments.http.observe(method, route, status, error, seconds, exemplar)
        if self._headers_at and route in instruments.first_byte:
            instruments.first_byte[route].observe(self._headers_at - self._started)
        self._log(method, route, status, error, seconds, trace_id, span_id)

    def _outcome(self, error: str) -> tuple[int, str]:
        """Tell which status was sent, 0 for none, and what kind of failure it was, if any."""
        status = self._status
        broken_off = self._scope.get(BROKEN_OFF, "")
        if broken_off == MALFORMED:
            return status or BAD_REQUEST, MALFORMED
        if broken_off:
            return status, DISCONNECTED
        if not self._begun:
            # The server answers for an application that has not.
            status = SERVER_ERROR
        error = self._scope.get(ERROR_TYPE, "") or error
        if not error and status >= SERVER_ERROR:
            error = ANSWERED
        return status, error

    def _log(
        self,
        method: str,
        route: str,
        status: int,
        error: str,
        seconds: float,
        trace_id: str,
        span_id: str,
    ) -> None:
        caller = self._scope.get("caller")
        self._outer.telemetry.logs.access(
            {
                "request_id": self._root.trace.request_id,
                "trace_id": trace_id,
                "span_id": span_id,
                "method": method,
                "route": route,
                "status": status,
                "error_type": error,
                "duration_ms": round(seconds * 1000, 3),
                "bytes_out": self._bytes,
                "user_id": getattr(caller, "user", ""),
                "client_ip": self._scope.get("client_ip", ""),
            }
        )
