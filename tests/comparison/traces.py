"""The spans that ours and OpenTelemetry's instrumentation make of the same requests."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from app.settings import load_settings
from app.telemetry.instruments import ApiInstruments
from app.telemetry.logs import NullLogs
from app.telemetry.middleware import TelemetryMiddleware
from app.telemetry.operations import Operations
from app.telemetry.process import Telemetry
from app.telemetry.span_export import create_span_queue
from app.telemetry.tracing import Kind, Tracer
from tests.comparison.service import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from app.telemetry.tracing import Span

    Library = Callable[[FastAPI], AbstractContextManager["Traced"]]
    # Makes spans for a collector at a URL, and returns how to end.
    Process = Callable[[str, Path], Callable[[], object]]

SPANS = 600


@dataclass(slots=True)
class Recorder:
    """Keeps every span that ours would send."""

    kept: list[Span] = field(default_factory=list)

    def keep(self, spans: list[Span]) -> None:
        """Keep them."""
        self.kept += spans

    def drop(self, count: int, reason: str) -> None:
        """Never called, as everything is sampled."""


@dataclass(frozen=True, slots=True)
class Traced:
    """An application that is traced, and what its spans say: their names and attributes."""

    app: ASGIApp
    spans: Callable[[], list[str]]


@contextmanager
def ours(api: FastAPI) -> Iterator[Traced]:
    """Trace as this service does."""
    recorder = Recorder()
    telemetry = Telemetry(Tracer(1, recorder), None, NullLogs())
    app = TelemetryMiddleware(api, ApiInstruments("1.0", "abc"), telemetry, Operations(ROUTES))
    yield Traced(app, lambda: [f"{span.name} {span.attributes}" for span in recorder.kept])


@contextmanager
def opentelemetry(api: FastAPI) -> Iterator[Traced]:
    """Trace with opentelemetry-instrumentation-fastapi, as its documentation shows."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    FastAPIInstrumentor.instrument_app(api, tracer_provider=provider)
    try:
        yield Traced(
            api,
            lambda: [
                f"{span.name} {dict(span.attributes or {})}"
                for span in exporter.get_finished_spans()
            ],
        )
    finally:
        FastAPIInstrumentor.uninstrument_app(api)
        provider.shutdown()


def our_process(collector: str, folder: Path) -> Callable[[], object]:
    """End some spans as this service does."""
    key = folder / "jwt.pem"
    key.touch()
    settings = load_settings(
        database_url="postgresql://127.0.0.1",
        cache_url="redis://127.0.0.1",
        jwt_private_key_file=key,
        otlp_endpoint=collector,
    )
    spans = create_span_queue(settings, "service")
    assert spans is not None
    spans.start()
    tracer = Tracer(1, spans)
    for _ in range(SPANS):
        tracer.end(tracer.begin("GET /", Kind.SERVER, None))
    return spans.close


def sdk_process(collector: str, folder: Path) -> Callable[[], object]:
    """End some spans with the SDK, as its documentation shows."""
    del folder
    provider = TracerProvider(shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=f"{collector}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("service")
    for _ in range(SPANS):
        tracer.start_span("GET /").end()
    return provider.shutdown
