"""Carries kept spans to a collector: a bounded queue, one thread, and exact counts.

OpenTelemetry's exporters do the sending. What the SDK would add around them is ours, because its
shutdown waits half a minute for a collector that is gone and says that everything was delivered.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from dataclasses import dataclass, field
from threading import Event, Lock, Thread
from time import monotonic
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
    OTLPSpanExporter as GrpcSpanExporter,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from app.settings import OtlpProtocol
from app.version import VERSION

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from app.settings import Settings
    from app.telemetry.tracing import Span
    from app.telemetry.w3c import Remote

LOG = logging.getLogger("app.telemetry")
MOST_QUEUED = 16_384
BATCH = 512
FLUSH_SECONDS = 1.0
# One try and a retry; a collector that needs longer is a collector that is away.
EXPORT_SECONDS = 2.0
SHUTDOWN_SECONDS = 4.0
SCOPE = InstrumentationScope("petswipe", VERSION)
KINDS = {kind.value: kind for kind in SpanKind}
FAILED = Status(StatusCode.ERROR)
FINE = Status(StatusCode.UNSET)


@dataclass(slots=True)
class SpanCounts:
    """What became of every span: started = exported + dropped + queued, at any moment."""

    started: int = 0
    exported: int = 0
    queued: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


class SpanQueue:
    """Takes kept spans without ever waiting, and sends them from a thread of its own."""

    def __init__(self, exporter: SpanExporter, resource: Resource) -> None:
        """Take the exporter; nothing is sent before `start`."""
        self._exporter = exporter
        self._resource = resource
        self._lock = Lock()
        self._waiting: deque[Span] = deque()
        self._in_hand: list[Span] = []
        self._counts = SpanCounts()
        self._wake = Event()
        self._closing = False
        self._failing = False
        self._thread = Thread(target=self._run, name="spans", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def counts(self) -> SpanCounts:
        """Read all counts at one moment."""
        with self._lock:
            now = self._counts
            queued = len(self._waiting) + len(self._in_hand)
            return SpanCounts(now.started, now.exported, queued, dict(now.dropped))

    def keep(self, spans: list[Span]) -> None:
        """Queue spans that belong together, all or none."""
        with self._lock:
            self._counts.started += len(spans)
            if self._closing:
                self._drop(len(spans), "shutdown")
            elif len(self._waiting) + len(spans) > MOST_QUEUED:
                self._drop(len(spans), "queue_full")
            else:
                self._waiting.extend(spans)
        if len(self._waiting) >= BATCH:
            self._wake.set()

    def drop(self, count: int, reason: str) -> None:
        """Count spans that are not kept."""
        with self._lock:
            self._counts.started += count
            self._drop(count, reason)

    def close(self, seconds: float = SHUTDOWN_SECONDS) -> None:
        """Send what is queued for so long, then let go of the rest and count it as dropped."""
        until = monotonic() + seconds
        with self._lock:
            self._closing = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(max(0.0, until - monotonic()))
        with self._lock:
            self._drop(len(self._waiting) + len(self._in_hand), "shutdown")
            self._waiting.clear()
            self._in_hand = []
        self._exporter.shutdown()

    def _drop(self, count: int, reason: str) -> None:
        if count:
            self._counts.dropped[reason] = self._counts.dropped.get(reason, 0) + count

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait(FLUSH_SECONDS)
            self._wake.clear()
            while batch := self._take():
                sent = self._send(batch)
                self._account(batch, sent=sent)
                if self._closing and not sent:
                    return

    def _take(self) -> list[Span]:
        with self._lock:
            count = min(BATCH, len(self._waiting))
            self._in_hand = [self._waiting.popleft() for _ in range(count)]
            return self._in_hand

    def _send(self, batch: list[Span]) -> bool:
        try:
            records = [readable(span, self._resource) for span in batch]
            return self._exporter.export(records) is SpanExportResult.SUCCESS
        except Exception:  # whatever an exporter raises must not end the thread
            LOG.exception("spans could not be exported")
            return False

    def _account(self, batch: list[Span], *, sent: bool) -> None:
        with self._lock:
            if self._in_hand is not batch:
                # `close` has given up waiting and counted them.
                return
            self._in_hand = []
            if sent:
                self._counts.exported += len(batch)
            else:
                self._drop(len(batch), "refused")
        if sent == self._failing:
            # Once for each change, not for each batch.
            self._failing = not sent
            LOG.warning("the collector takes %s", "spans again" if sent else "no spans")


def create_exporter(settings: Settings) -> SpanExporter:
    """Build the exporter for the configured collector; nothing connects yet."""
    # They write a line for each failure; ours writes one for each change.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    address = str(settings.otlp_endpoint).rstrip("/")
    if settings.otlp_protocol is OtlpProtocol.GRPC:
        return GrpcSpanExporter(
            endpoint=address, insecure=address.startswith("http:"), timeout=EXPORT_SECONDS
        )
    return HttpSpanExporter(
        endpoint=f"{address}/v1/traces", timeout=EXPORT_SECONDS, compression=Compression.Gzip
    )


def describe_process(settings: Settings, service: str) -> Resource:
    """Name what sends spans and logs, in the words of OpenTelemetry's conventions."""
    host = socket.gethostname()
    return Resource.create(
        {
            "service.name": service,
            "service.namespace": "petswipe",
            "service.version": VERSION,
            "service.instance.id": f"{host}:{os.getpid()}",
            "deployment.environment.name": str(settings.environment),
            "host.name": host,
            "process.pid": os.getpid(),
            "vcs.ref.head.revision": settings.revision,
        }
    )


def readable(span: Span, resource: Resource) -> ReadableSpan:
    """Turn a record into what the exporters take."""
    trace = span.trace
    remote = trace.remote
    flags = TraceFlags(TraceFlags.SAMPLED if trace.sampled else TraceFlags.DEFAULT)
    state = None if remote is None or not remote.state else TraceState.from_header([remote.state])
    parent = None
    if span.parent_id:
        parent = SpanContext(trace.trace_id, span.parent_id, span.parent is None, flags, state)
    if span.error:
        span.attributes["error.type"] = span.error
    return ReadableSpan(
        span.name,
        SpanContext(trace.trace_id, span.span_id, is_remote=False, trace_flags=flags),
        parent,
        resource,
        span.attributes,
        links=[Link(_context(link)) for link in span.links],
        kind=KINDS[span.kind],
        status=FAILED if span.error else FINE,
        start_time=trace.unix_ns(span.started),
        end_time=trace.unix_ns(span.ended),
        instrumentation_scope=SCOPE,
    )


def _context(remote: Remote) -> SpanContext:
    flags = TraceFlags(TraceFlags.SAMPLED if remote.sampled else TraceFlags.DEFAULT)
    return SpanContext(remote.trace_id, remote.span_id, is_remote=True, trace_flags=flags)
