"""JSON lines: what the service says, each line with the request that it belongs to.

Whatever is logged is redacted and bounded. Nothing here waits, and nothing here fails its caller.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from app.settings import TelemetryMode
from app.telemetry import events
from app.telemetry.carrier import Counts
from app.telemetry.log_export import create_log_queue
from app.telemetry.log_writer import MOST_LINE, STDOUT, LogCounts, LogWriter
from app.telemetry.redaction import redact, redact_fields, redact_text
from app.telemetry.stacks import describe_stack
from app.telemetry.tracing import current

if TYPE_CHECKING:
    from app.settings import Settings
    from app.telemetry.log_export import RecordQueue

ACCESS_LOGGER = "petswipe.access"
# Their requests are spans already, and when asked for details they tell secrets.
QUIET = ("aio_pika", "aiormq", "boto3", "botocore", "httpcore", "httpx", "urllib3")
# What a record has of its own; everything else came as `extra`.
PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {
    "asctime",
    "color_message",
    "message",
    "taskName",
}
# Texts are cut to this length in a line that would not fit else, but for these fields.
SHORT = 128
KEPT = frozenset({"time", "error_stack"})
SERVER_ERROR = 500


class Lines:
    """Turns fields into lines, and hands them to whoever carries them."""

    def __init__(self, service: str, writer: LogWriter, queue: RecordQueue | None = None) -> None:
        """Take the name that is on every line, the writer, and the way to a collector."""
        self.service = service
        self.writer = writer
        self.queue = queue
        # Decimals, paths and whatever else somebody puts in a field become text.
        self.encode = msgspec.json.Encoder(enc_hook=str).encode

    def put(self, fields: dict[str, object]) -> None:
        """Send fields that may be written as they are; shortened where the line is too long."""
        line = self.encode(fields)
        if len(line) >= MOST_LINE:
            fields = self._shorten(fields)
            line = self.encode(fields)
        self.writer.write(line + b"\n")
        if self.queue is not None:
            self.queue.keep(fields)

    def _shorten(self, fields: dict[str, object]) -> dict[str, object]:
        short = {
            name: value if name in KEPT else redact(value, SHORT) for name, value in fields.items()
        }
        if len(self.encode(short)) < MOST_LINE:
            return short
        return {name: short[name] for name in (*events.HEAD, *events.IDS) if name in short}


class JsonHandler(logging.Handler):
    """Turns what is logged anywhere in the process into JSON lines."""

    def __init__(self, lines: Lines) -> None:
        """Take where the lines go."""
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; one that cannot be told is counted, and its caller never knows."""
        try:
            self._lines.put(_describe(record, self._lines.service))
        except Exception:  # noqa: BLE001  # whatever an argument's own methods raise
            self._lines.writer.drop("unencodable")


class Logs:
    """The log of this process, until it is closed."""

    def __init__(self, lines: Lines, level: str) -> None:
        """Take over everything that is logged, warnings too."""
        self._lines = lines
        self._quiet = logging.getLevelName(level) > logging.INFO
        root = logging.getLogger()
        self._handlers = root.handlers[:]
        touched = ("", events.AUDIT_LOGGER, *QUIET)
        self._levels = {name: logging.getLogger(name).level for name in touched}
        root.handlers[:] = [JsonHandler(lines)]
        root.setLevel(level)
        for name in QUIET:
            logging.getLogger(name).setLevel(logging.WARNING)
        # Who did what is told however quiet the service is to be.
        logging.getLogger(events.AUDIT_LOGGER).setLevel(logging.INFO)
        logging.captureWarnings(capture=True)

    def access(self, fields: dict[str, object]) -> None:
        """Send the line of an answered request, without the cost of a log record.

        Give only values from closed sets, ids and numbers: nothing is redacted here. Ids that are
        not given are those of the current span.
        """
        status = fields.get("status")
        failed = isinstance(status, int) and status >= SERVER_ERROR
        if failed or not self._quiet:
            level = "ERROR" if failed else "INFO"
            self._send(level, events.APPLICATION, ACCESS_LOGGER, events.REQUEST, fields)

    def audit(self, fields: dict[str, object]) -> None:
        """Send a line of the audit stream; the same holds for its fields."""
        self._send("INFO", events.AUDIT, events.AUDIT_LOGGER, events.AUDITED, fields)

    def counts(self) -> LogCounts:
        """Read what became of every line."""
        return self._lines.writer.counts()

    def exported(self) -> Counts:
        """Read what became of every record that a collector should get."""
        return Counts() if self._lines.queue is None else self._lines.queue.counts()

    def close(self) -> None:
        """Send what is queued, within about two seconds, and leave logging as it was."""
        if self._lines.queue is not None:
            self._lines.queue.close()
        self._lines.writer.close()
        root = logging.getLogger()
        root.handlers[:] = self._handlers
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        logging.captureWarnings(capture=False)

    def _send(
        self, level: str, stream: str, logger: str, event: str, fields: dict[str, object]
    ) -> None:
        try:
            line: dict[str, object] = {
                "time": datetime.now(UTC),
                "level": level,
                "stream": stream,
                "service": self._lines.service,
                "logger": logger,
                "message": event,
                "event": event,
            }
            if "trace_id" not in fields:
                line.update(_ids())
            line.update(fields)
            self._lines.put(line)
        except Exception:  # noqa: BLE001  # a request never fails because of its log line
            self._lines.writer.drop("unencodable")


class NullLogs:
    """Says nothing; Python's own warnings still reach the terminal."""

    def access(self, fields: dict[str, object]) -> None:
        """Do nothing."""

    def audit(self, fields: dict[str, object]) -> None:
        """Do nothing."""

    def counts(self) -> LogCounts:
        """Return that there were no lines."""
        return LogCounts()

    def exported(self) -> Counts:
        """Return that nothing is exported."""
        return Counts()

    def close(self) -> None:
        """Do nothing."""


def configure_logs(settings: Settings, service: str, fd: int = STDOUT) -> Logs | NullLogs:
    """Let everything that this process logs go to standard output; call it once, and close it."""
    if settings.telemetry is TelemetryMode.NONE:
        return NullLogs()

    def tell_lost(count: int) -> bytes:
        return lines.encode(_lost(count, service)) + b"\n"

    lines = Lines(service, LogWriter(tell_lost, fd), create_log_queue(settings, service))
    lines.writer.start()
    if lines.queue is not None:
        lines.queue.start()
    return Logs(lines, settings.log_level)


def _lost(count: int, service: str) -> dict[str, object]:
    return {
        "time": datetime.now(UTC),
        "level": "WARNING",
        "stream": events.APPLICATION,
        "service": service,
        "logger": __name__,
        "message": "lines before this one are lost: nobody took them in time",
        "event": events.LINES_LOST,
        "lost": count,
    }


def _describe(record: logging.LogRecord, service: str) -> dict[str, object]:
    """Turn a record into fields; what came as `extra` replaces nothing."""
    fields: dict[str, object] = {
        "time": datetime.fromtimestamp(record.created, UTC),
        "level": record.levelname,
        "stream": events.AUDIT if record.name == events.AUDIT_LOGGER else events.APPLICATION,
        "service": service,
        "logger": record.name,
        "message": redact_text(_message(record)),
        **_ids(),
    }
    given = {name: value for name, value in vars(record).items() if name not in PLAIN}
    if given:
        fields = fields | {
            name: value for name, value in redact_fields(given).items() if name not in fields
        }
    if record.exc_info and record.exc_info[1] is not None:
        fields.setdefault("event", events.ERROR)
        fields["error_type"] = type(record.exc_info[1]).__name__
        fields["error_stack"] = describe_stack(record.exc_info[1])
    return fields


def _ids() -> dict[str, object]:
    """Name the open request, its trace and span, if there is one."""
    at = current()
    if at is None:
        return {}
    trace = at.trace
    return {
        **({"request_id": trace.request_id} if trace.request_id else {}),
        "trace_id": f"{trace.trace_id:032x}",
        "span_id": f"{at.span_id:016x}",
    }


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  # a %d for a text, or an argument that cannot be printed
        return f"{record.msg!s} [its arguments do not fit]"
