"""The same service, measured by the public libraries as their documentation shows.

`python -m loadtests.bench.public_app PORT` serves it; what goes where is OpenTelemetry's own
environment.
"""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

import uvicorn

from app.main import build_resources, create_api, protect
from app.server import KEEP_ALIVE_SECONDS
from app.settings import load_settings
from app.telemetry.middleware import RequestIdMiddleware
from loadtests.bench.public_telemetry import instrument, log_as_json

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ACCESS = logging.getLogger("access")


class AccessLogMiddleware:
    """Logs every request with its id and its trace."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Log one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        finally:
            fields = {
                "request_id": scope.get("request_id", ""),
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "duration_ms": round((time.perf_counter() - began) * 1000, 3),
                "client_ip": scope.get("client_ip", ""),
            }
            ACCESS.info("request", extra={"fields": fields})


def main() -> None:
    """Serve until SIGTERM."""
    log_as_json()
    held = build_resources(load_settings())
    api = create_api(held)
    # Inside the instrumentations, which FastAPI puts around everything that it is given here.
    api.add_middleware(protect, held)
    api.add_middleware(RequestIdMiddleware)
    api.add_middleware(AccessLogMiddleware)
    instrument(api, held.engine)
    uvicorn.run(
        api,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
    )


if __name__ == "__main__":
    main()
