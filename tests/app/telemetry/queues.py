"""Queues of spans for tests, and traces to fill them with."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from app.settings import OtlpProtocol, Settings
from app.telemetry.span_export import SpanQueue, create_span_queue
from app.telemetry.tracing import Kind, Span, Tracer, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from opentelemetry.sdk.trace import ReadableSpan

    from app.telemetry.carrier import Counts
    from tests.app.otlp_sink import Sink

EVERY_PROTOCOL = pytest.mark.parametrize("protocol", list(OtlpProtocol))
RESOURCE = Resource({"service.name": "test"})


class Blocking(SpanExporter):
    """Takes a batch and keeps it until it is told to answer."""

    def __init__(self) -> None:
        """Begin without a batch."""
        self.took, self.answers = Event(), Event()
        self.answered = Event()
        self.batches: list[int] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Wait, then succeed."""
        self.took.set()
        self.answers.wait()
        self.batches.append(len(spans))
        self.answered.set()
        return SpanExportResult.SUCCESS


def settings_of(url: str, protocol: OtlpProtocol = OtlpProtocol.HTTP) -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql+asyncpg://nobody@localhost/none",
            "cache_url": "redis://localhost",
            "jwt_private_key_file": __file__,
            "otlp_endpoint": url,
            "otlp_protocol": protocol,
            "environment": "staging",
            "revision": "abc123",
        }
    )


@contextmanager
def sending(queue: SpanQueue) -> Iterator[Tracer]:
    """Run a queue, and a tracer that keeps everything."""
    queue.start()
    try:
        yield Tracer(1, queue)
    finally:
        queue.close()
        assert not threads_of_queues()


def queue_to(sink: Sink, protocol: OtlpProtocol = OtlpProtocol.HTTP) -> SpanQueue:
    settings = settings_of(sink.url, protocol)
    queue = create_span_queue(settings, "petswipe-test")
    assert queue is not None
    return queue


def threads_of_queues() -> list[Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "spans"]


def conserved(counts: Counts) -> bool:
    return counts.taken == counts.exported + counts.queued + sum(counts.dropped.values())


def record(tracer: Tracer, children: int = 0) -> Span:
    """Record one trace of so many spans and one."""
    root = tracer.begin("GET", Kind.SERVER, None, "request-1")
    for _ in range(children):
        with span("SELECT pets", Kind.CLIENT):
            pass
    tracer.end(root)
    return root


def loose() -> Span:
    """Make a finished span that waits nowhere."""
    tracer = Tracer(1, SpanQueue(Blocking(), RESOURCE))
    root = tracer.begin("GET", Kind.SERVER, None)
    tracer.end(root)
    return root
