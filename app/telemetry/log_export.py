"""Carries log records to a collector as well: a bounded queue, one thread, and exact counts."""

from __future__ import annotations

import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue
from threading import RLock, Thread, get_ident
from time import monotonic
from typing import TYPE_CHECKING

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogExporter
from opentelemetry.sdk._logs import ReadableLogRecord
from opentelemetry.sdk._logs.export import LogRecordExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, set_span_in_context

from app.settings import OtlpProtocol
from app.telemetry.exporting import BATCH, EXPORT_SECONDS, FLUSH_SECONDS, SCOPE, describe_process

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter
    from opentelemetry.sdk.resources import Resource

    from app.settings import Settings

LOG = logging.getLogger("app.telemetry")
MOST_RECORDS = 8192
CLOSE_SECONDS = 1.0
SEVERITIES = {
    "DEBUG": SeverityNumber.DEBUG,
    "INFO": SeverityNumber.INFO,
    "WARNING": SeverityNumber.WARN,
    "ERROR": SeverityNumber.ERROR,
    "CRITICAL": SeverityNumber.FATAL,
}
# OpenTelemetry has places of its own for these; the rest are attributes.
PLACED = frozenset({"time", "level", "service", "message", "trace_id", "span_id"})
PRIMITIVE = (bool, int, float, str, list, dict)


@dataclass(slots=True)
class RecordCounts:
    """What became of every record: taken = exported + dropped + queued, at any moment."""

    taken: int = 0
    exported: int = 0
    queued: int = 0
    dropped: dict[str, int] = field(default_factory=dict)


class RecordQueue:
    """Takes the fields of lines without ever waiting, and sends them from a thread of its own."""

    def __init__(self, exporter: LogRecordExporter, resource: Resource) -> None:
        """Take the exporter; nothing is sent before `start`."""
        self._exporter = exporter
        self._resource = resource
        # A finaliser may log while its thread is in here, so both let it in again.
        self._lock = RLock()
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._waiting: deque[dict[str, object]] = deque()
        self._in_hand: list[dict[str, object]] = []
        self._counts = RecordCounts()
        self._closing = False
        self._failing = False
        self._thread = Thread(target=self._run, name="log-export", daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def keep(self, fields: dict[str, object]) -> None:
        """Queue the fields of one line, or drop them."""
        if get_ident() == self._thread.ident:
            # What sending says about itself would keep it busy for ever.
            return
        with self._lock:
            self._counts.taken += 1
            if self._closing:
                self._drop(1, "shutdown")
            elif len(self._waiting) >= MOST_RECORDS:
                self._drop(1, "queue_full")
            else:
                self._waiting.append(fields)
            full = len(self._waiting) == BATCH
        if full:
            self._wake.put(None)

    def counts(self) -> RecordCounts:
        """Read all counts at one moment."""
        with self._lock:
            now = self._counts
            queued = len(self._waiting) + len(self._in_hand)
            return RecordCounts(now.taken, now.exported, queued, dict(now.dropped))

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
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
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the SDK says nothing of it

    def _drop(self, count: int, reason: str) -> None:
        if count:
            self._counts.dropped[reason] = self._counts.dropped.get(reason, 0) + count

    def _run(self) -> None:
        while not self._closing:
            with suppress(Empty):
                self._wake.get(timeout=FLUSH_SECONDS)
            while batch := self._take():
                sent = self._send(batch)
                self._account(batch, sent=sent)
                if self._closing and not sent:
                    return

    def _take(self) -> list[dict[str, object]]:
        with self._lock:
            count = min(BATCH, len(self._waiting))
            self._in_hand = [self._waiting.popleft() for _ in range(count)]
            return self._in_hand

    def _send(self, batch: list[dict[str, object]]) -> bool:
        try:
            records = [readable(fields, self._resource) for fields in batch]
            return self._exporter.export(records) is LogRecordExportResult.SUCCESS
        except Exception:  # whatever an exporter raises must not end the thread
            LOG.exception("log records could not be exported")
            return False

    def _account(self, batch: list[dict[str, object]], *, sent: bool) -> None:
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
            LOG.warning("the collector takes %s", "log records again" if sent else "no log records")


def create_log_queue(settings: Settings, service: str) -> RecordQueue | None:
    """Build the way to the configured collector, if it is to get log records; nothing connects."""
    if settings.otlp_endpoint is None or not settings.otlp_logs:
        return None
    return RecordQueue(create_log_exporter(settings), describe_process(settings, service))


def create_log_exporter(settings: Settings) -> LogRecordExporter:
    """Build the exporter for the configured collector."""
    # They write a line for each failure; ours writes one for each change.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    address = str(settings.otlp_endpoint).rstrip("/")
    if settings.otlp_protocol is OtlpProtocol.GRPC:
        return GrpcLogExporter(
            endpoint=address, insecure=address.startswith("http:"), timeout=EXPORT_SECONDS
        )
    return HttpLogExporter(
        endpoint=f"{address}/v1/logs", timeout=EXPORT_SECONDS, compression=Compression.Gzip
    )


def readable(fields: dict[str, object], resource: Resource) -> ReadableLogRecord:
    """Turn the fields of a line into what the exporters take."""
    at = fields["time"]
    level = str(fields["level"])
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
        body=str(fields["message"]),
        attributes={
            name: value if isinstance(value, PRIMITIVE) else str(value)
            for name, value in fields.items()
            if name not in PLACED and value is not None
        },
        event_name=str(fields["event"]) if "event" in fields else None,
    )
    return ReadableLogRecord(record, resource, SCOPE)
