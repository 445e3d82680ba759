"""Sends log records to a collector as well."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

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
from app.telemetry.redaction import MOST_INT

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.util.types import AnyValue

    from app.settings import Settings

SEVERITIES = {
    "DEBUG": SeverityNumber.DEBUG,
    "INFO": SeverityNumber.INFO,
    "WARNING": SeverityNumber.WARN,
    "ERROR": SeverityNumber.ERROR,
    "CRITICAL": SeverityNumber.FATAL,
}
# OpenTelemetry has places of its own for these; the rest are attributes.
PLACED = frozenset({"time", "level", "service", "message", "trace_id", "span_id"})


class RecordQueue(Carrier[dict[str, object]]):
    """Carries the fields of lines."""

    what = "log records"
    most = 8192
    success = LogRecordExportResult.SUCCESS
    close_seconds = 1.0

    def __init__(self, exporter: LogRecordExporter, resource: Resource) -> None:
        """Take the exporter, and who sends."""
        super().__init__(exporter, partial(readable, resource=resource))

    def keep(self, fields: dict[str, object]) -> None:
        """Queue the fields of one line, or drop them."""
        # What sending says about itself would keep it busy for ever.
        if not self.is_sender():
            self.put((fields,))


def create_log_queue(settings: Settings, service: str) -> RecordQueue | None:
    """Build the way to the configured collector, if it is to get log records; nothing connects."""
    if settings.otlp_endpoint is None or not settings.otlp_logs:
        return None
    return RecordQueue(create_log_exporter(settings), describe_process(settings, service))


def create_log_exporter(settings: Settings) -> LogRecordExporter:
    """Build the exporter for the configured collector."""
    address, insecure = find_collector(settings)
    if settings.otlp_protocol is OtlpProtocol.GRPC:
        # It takes as long to import as the rest of OpenTelemetry, which every command waits for.
        from opentelemetry.exporter.otlp.proto.grpc._log_exporter import (  # noqa: PLC0415  # see above
            OTLPLogExporter as GrpcLogExporter,
        )

        return GrpcLogExporter(endpoint=address, insecure=insecure, timeout=EXPORT_SECONDS)
    return HttpLogExporter(
        endpoint=f"{address}/v1/logs",
        timeout=EXPORT_SECONDS,
        # The collector is near; packing would cost more than the way.
        compression=Compression.NoCompression,
        session=open_session(),
    )


def readable(fields: dict[str, object], resource: Resource) -> ReadableLogRecord:
    """Turn the fields of a line into what the exporters take; raises when they would not."""
    at = fields["time"]
    level = check_text(str(fields["level"]))
    context = None
    if "trace_id" in fields:
        ids = int(str(fields["trace_id"]), 16), int(str(fields["span_id"]), 16)
        context = set_span_in_context(NonRecordingSpan(SpanContext(*ids, is_remote=False)))
    nanoseconds = int(at.timestamp() * 1e9) if isinstance(at, datetime) else None
    record = LogRecord(
        timestamp=nanoseconds,
        context=context,
        severity_text=level,
        severity_number=SEVERITIES.get(level, SeverityNumber.UNSPECIFIED),
        body=check_text(str(fields["message"])),
        attributes={
            check_text(name): _plain(value)
            for name, value in fields.items()
            if name not in PLACED and value is not None
        },
        event_name=check_text(str(fields["event"])) if "event" in fields else None,
    )
    return ReadableLogRecord(record, resource, SCOPE)


def _plain(value: object) -> AnyValue:
    """Return a value that can be encoded; the encoder would leave out any other without a word."""
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int) and -MOST_INT <= value < MOST_INT:
        return value
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {check_text(str(name)): _plain(item) for name, item in value.items()}
    return check_text(str(value))
