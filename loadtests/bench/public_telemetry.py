"""The public instrumentations, put on a FastAPI service as their documentation shows.

What leaves for where, and which traces are kept, is OpenTelemetry's own environment.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.instrumentation.redis import RedisInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from prometheus_fastapi_instrumentator import Instrumentator

if TYPE_CHECKING:
    from fastapi import FastAPI
    from sqlalchemy.ext.asyncio import AsyncEngine


class JsonFormatter(logging.Formatter):
    """Writes a record and what came with it as one line of JSON, with the trace it belongs to."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one record."""
        at = trace.get_current_span().get_span_context()
        fields = {
            "time": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "trace_id": trace.format_trace_id(at.trace_id),
            "span_id": trace.format_span_id(at.span_id),
            **getattr(record, "fields", {}),
        }
        return json.dumps(fields)


def log_as_json() -> None:
    """Write every record to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def instrument(api: FastAPI, engine: AsyncEngine) -> None:
    """Measure a service and what it asks of PostgreSQL and Redis."""
    Instrumentator().instrument(api).expose(api)
    provider = TracerProvider(resource=Resource.create({"service.name": "petswipe-api"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    FastAPIInstrumentor.instrument_app(api)
    # It refuses SQLAlchemy 2.1 unless told not to look, and works with it.
    SQLAlchemyInstrumentor().instrument(engine=engine.sync_engine, skip_dep_check=True)
    RedisInstrumentor().instrument()
