"""Carries kept spans to a collector: a bounded queue, one thread, and exact counts.

OpenTelemetry's exporters do the sending. What the SDK would add around them is ours, because its
shutdown waits half a minute for a collector that is gone and says that everything was delivered.
"""

from __future__ import annotations

import logging
import os
import socket
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import RLock, Thread
from time import monotonic
from typing import TYPE_CHECKING

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
    from requests import Response

    from app.settings import Settings
    from app.telemetry.tracing import Span, Value
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
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
INT_BYTES = 8
MULTIPLE_CHOICES, BAD_REQUEST = 300, 400


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
        # A finaliser may end a span while its thread is in here, so both let it in again.
        self._lock = RLock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._waiting: deque[Span] = deque()
        self._in_hand: list[Span] = []
        self._counts = SpanCounts()
        self._called = False
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
        """Queue spans of one trace, all or none; what comes later of a lost trace is lost too."""
        lost = ""
        with self._lock:
            self._counts.started += len(spans)
            if self._closing:
                lost = "shutdown"
            elif len(self._waiting) + len(spans) > MOST_QUEUED:
                lost = "queue_full"
            else:
                self._waiting.extend(spans)
            if lost:
                self._drop(len(spans), lost)
            wake = not self._called and len(self._waiting) >= BATCH
            self._called = self._called or wake
        if lost and spans:
            spans[0].trace.lost = lost
        if wake:
            self._wake.put(None)

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
        self._wake.put(None)
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
        closing = False
        while not closing:
            with suppress(Empty):
                self._wake.get(timeout=FLUSH_SECONDS)
            with self._lock:
                self._called = False
                # Before the last look at what waits: nothing comes after it.
                closing = self._closing
            self._send_waiting()

    def _send_waiting(self) -> None:
        least = 1
        while batch := self._take(least):
            records, invalid = self._convert(batch)
            taken = self._export(records)
            self._account(batch, invalid, taken=taken)
            if self._closing and not taken:
                return
            # A few spans that came meanwhile wait for company.
            least = 1 if self._closing else BATCH

    def _take(self, least: int) -> list[Span]:
        with self._lock:
            count = min(BATCH, len(self._waiting)) if len(self._waiting) >= least else 0
            self._in_hand = [self._waiting.popleft() for _ in range(count)]
            return self._in_hand

    def _convert(self, batch: list[Span]) -> tuple[list[ReadableSpan], int]:
        """Return the batch as the exporters take it, and how many of its spans they would not."""
        records = []
        for span in batch:
            with suppress(Exception):  # whatever is wrong with it must not cost the others
                records.append(readable(span, self._resource))
        return records, len(batch) - len(records)

    def _export(self, records: list[ReadableSpan]) -> bool:
        if not records:
            return not self._failing
        try:
            return self._exporter.export(records) is SpanExportResult.SUCCESS
        except Exception:  # whatever an exporter raises must not end the thread
            if not self._failing:
                LOG.exception("spans could not be exported")
            return False

    def _account(self, batch: list[Span], invalid: int, *, taken: bool) -> None:
        with self._lock:
            if self._in_hand is not batch:
                # `close` has given up waiting and counted them.
                return
            self._in_hand = []
            self._drop(invalid, "invalid")
            if taken:
                self._counts.exported += len(batch) - invalid
            else:
                self._drop(len(batch) - invalid, "refused")
        if taken == self._failing:
            # Once for each change, not for each batch.
            self._failing = not taken
            LOG.warning("the collector takes %s", "spans again" if taken else "no spans")


class _Described(Resource):
    """A resource that is only the same as itself.

    The encoder groups spans by resource, and the SDK's would be written as JSON for each of them.
    """

    __eq__ = object.__eq__
    __hash__ = object.__hash__


def create_exporter(settings: Settings) -> SpanExporter:
    """Build the exporter for the configured collector; nothing connects yet.

    Headers and certificates come from OpenTelemetry's own variables of the environment.
    """
    # They write a line for each failure; ours writes one for each change.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    address = str(settings.otlp_endpoint).rstrip("/")
    if settings.otlp_protocol is OtlpProtocol.GRPC:
        # It takes as long to import as the rest of OpenTelemetry, which every command waits for.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415  # see above
            OTLPSpanExporter as GrpcSpanExporter,
        )

        return GrpcSpanExporter(
            endpoint=address, insecure=address.startswith("http:"), timeout=EXPORT_SECONDS
        )
    from requests import Session  # noqa: PLC0415  # the exporter imports it as late

    session = Session()
    session.hooks["response"].append(_refuse_redirect)
    return HttpSpanExporter(
        endpoint=f"{address}/v1/traces",
        timeout=EXPORT_SECONDS,
        compression=Compression.Gzip,
        session=session,
    )


def _refuse_redirect(answer: Response, **_: object) -> None:
    """Raise for a redirect: the exporter does not follow it and calls it a success."""
    if MULTIPLE_CHOICES <= answer.status_code < BAD_REQUEST:
        raise ConnectionRefusedError(f"the collector has moved: {answer.status_code}")


def describe_process(settings: Settings, service: str) -> Resource:
    """Name what sends spans and logs, in the words of OpenTelemetry's conventions."""
    host = socket.gethostname()
    described = Resource.create(
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
    return _Described(described.attributes, described.schema_url)


def readable(span: Span, resource: Resource) -> ReadableSpan:
    """Turn a record into what the exporters take; raises when they would not take it."""
    trace = span.trace
    remote = trace.remote
    flags = SAMPLED if trace.sampled else UNSAMPLED
    state = None if remote is None or not remote.state else TraceState.from_header([remote.state])
    parent = None
    if span.parent_id:
        parent = SpanContext(trace.trace_id, span.parent_id, span.parent is None, flags, state)
    attributes = {key: _check(value) for key, value in span.attributes.items() if value != ""}
    if span.error:
        attributes["error.type"] = _check(span.error)
    return ReadableSpan(
        str(_check(span.name)),
        SpanContext(
            trace.trace_id, span.span_id, is_remote=False, trace_flags=flags, trace_state=state
        ),
        parent,
        resource,
        attributes,
        links=[Link(_context(link)) for link in span.links],
        kind=KINDS[span.kind],
        status=FAILED if span.error else FINE,
        start_time=trace.unix_ns(span.started),
        end_time=trace.unix_ns(span.ended),
        instrumentation_scope=SCOPE,
    )


def _check(value: Value) -> Value:
    """Return a value that can be encoded; the encoder would leave out any other without a word."""
    if isinstance(value, str):
        value.encode()
    elif isinstance(value, int):
        value.to_bytes(INT_BYTES, signed=True)
    elif not isinstance(value, float):
        raise TypeError(f"an attribute is {type(value).__name__}")
    return value


def _context(remote: Remote) -> SpanContext:
    return SpanContext(
        remote.trace_id,
        remote.span_id,
        is_remote=True,
        trace_flags=SAMPLED if remote.sampled else UNSAMPLED,
    )
