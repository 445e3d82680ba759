"""Sends kept spans to a collector."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
    OTLPSpanExporter as HttpSpanExporter,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult
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
from app.telemetry.carrier import Carrier
from app.telemetry.otlp import (
    EXPORT_SECONDS,
    SCOPE,
    check_text,
    describe_process,
    find_collector,
    open_session,
)
from app.telemetry.tracing import Span

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SpanExporter

    from app.settings import Settings
    from app.telemetry.tracing import Value
    from app.telemetry.w3c import Remote

KINDS = {kind.value: kind for kind in SpanKind}
FAILED = Status(StatusCode.ERROR)
FINE = Status(StatusCode.UNSET)
SAMPLED = TraceFlags(TraceFlags.SAMPLED)
UNSAMPLED = TraceFlags(TraceFlags.DEFAULT)
INT_BYTES = 8


class SpanQueue(Carrier[Span]):
    """Carries the spans that a tracer keeps."""

    what = "spans"
    most = 16_384
    success = SpanExportResult.SUCCESS
    close_seconds = 4.0

    def __init__(self, exporter: SpanExporter, resource: Resource) -> None:
        """Take the exporter, and who sends."""
        super().__init__(exporter, partial(readable, resource=resource))

    def keep(self, spans: list[Span]) -> None:
        """Queue spans of one trace, all or none; what comes later of a lost trace is lost too."""
        lost = self.put(spans)
        if lost and spans:
            spans[0].trace.lost = lost


def create_span_queue(settings: Settings, service: str) -> SpanQueue | None:
    """Build the way to the configured collector, if there is one; nothing connects yet."""
    if settings.otlp_endpoint is None:
        return None
    return SpanQueue(create_span_exporter(settings), describe_process(settings, service))


def create_span_exporter(settings: Settings) -> SpanExporter:
    """Build the exporter for the configured collector."""
    address, insecure = find_collector(settings)
    if settings.otlp_protocol is OtlpProtocol.GRPC:
        # It takes as long to import as the rest of OpenTelemetry, which every command waits for.
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415  # see above
            OTLPSpanExporter as GrpcSpanExporter,
        )

        return GrpcSpanExporter(endpoint=address, insecure=insecure, timeout=EXPORT_SECONDS)
    return HttpSpanExporter(
        endpoint=f"{address}/v1/traces",
        timeout=EXPORT_SECONDS,
        # The collector is near, and to pack spans takes nearly as long as to make them.
        compression=Compression.NoCompression,
        session=open_session(),
    )


def readable(span: Span, resource: Resource) -> ReadableSpan:
    """Turn a record into what the exporters take; raises when they would not take it."""
    trace = span.trace
    remote = trace.remote
    flags = SAMPLED if trace.sampled else UNSAMPLED
    state = None if remote is None or not remote.state else TraceState.from_header([remote.state])
    parent = None
    if span.parent_id:
        parent = SpanContext(trace.trace_id, span.parent_id, span.parent is None, flags, state)
    attributes = {
        check_text(key): _check(value) for key, value in span.attributes.items() if value != ""
    }
    if span.error:
        attributes["error.type"] = check_text(span.error)
    return ReadableSpan(
        check_text(span.name),
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
    if isinstance(value, int):
        value.to_bytes(INT_BYTES, signed=True)
        return value
    return value if isinstance(value, float) else check_text(value)


def _context(remote: Remote) -> SpanContext:
    return SpanContext(
        remote.trace_id,
        remote.span_id,
        is_remote=True,
        trace_flags=SAMPLED if remote.sampled else UNSAMPLED,
    )
