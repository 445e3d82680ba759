"""The same service, measured by the public libraries as their documentation shows.

`python -m loadtests.bench.public_app PORT` serves it; what goes where is OpenTelemetry's own
environment.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING

import uvicorn
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_fastapi_instrumentator import Instrumentator

from app.main import build_resources, create_api, protect
from app.server import KEEP_ALIVE_SECONDS
from app.settings import load_settings
from app.telemetry.middleware import RequestIdMiddleware

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from app.dependencies import Resources

ACCESS = logging.getLogger("access")


class JsonFormatter(logging.Formatter):
    """Writes a record and what came with it as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        fields = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        return json.dumps(fields)


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
            at = trace.get_current_span().get_span_context()
            fields = {
                "request_id": scope.get("request_id", ""),
                "trace_id": trace.format_trace_id(at.trace_id),
                "span_id": trace.format_span_id(at.span_id),
                "method": scope["method"],
                "path": scope["path"],
                "status": status,
                "duration_ms": round((time.perf_counter() - began) * 1000, 3),
                "client_ip": scope.get("client_ip", ""),
            }
            ACCESS.info("request", extra={"fields": fields})


def instrument(api: FastAPI, held: Resources) -> None:
    """Measure the service with the public libraries."""
    Instrumentator().instrument(api).expose(api)
    provider = TracerProvider(resource=Resource.create({"service.name": "petswipe-api"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(api)
    # It refuses SQLAlchemy 2.1 unless told not to look, and works with it.
    SQLAlchemyInstrumentor().instrument(engine=held.engine.sync_engine, skip_dep_check=True)
    RedisInstrumentor().instrument()


def main() -> None:
    """Serve until SIGTERM."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    held = build_resources(load_settings())
    api = create_api(held)
    # Inside the instrumentations, which FastAPI puts around everything that it is given here.
    api.add_middleware(protect, held)
    api.add_middleware(RequestIdMiddleware)
    api.add_middleware(AccessLogMiddleware)
    instrument(api, held)
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
