"""The telemetry of one process beside its instruments: tracer, spans on their way, log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.settings import Environment, TelemetryMode
from app.telemetry.carrier import Counts
from app.telemetry.span_export import SpanQueue, create_span_queue
from app.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from app.settings import Settings
    from app.telemetry.instruments import Instruments
    from app.telemetry.logs import Logs, NullLogs
    from app.telemetry.tracing import Span

# What a collector can hold depends on the traffic of the environment.
RATIOS = {Environment.PRODUCTION: 0.1, Environment.STAGING: 0.5}


@dataclass(frozen=True, slots=True)
class Telemetry:
    """What tells about a process; nothing of it can take the process down."""

    tracer: Tracer
    # None without a collector.
    spans: SpanQueue | None
    logs: Logs | NullLogs

    def start(self) -> None:
        """Begin to send spans."""
        if self.spans is not None:
            self.spans.start()

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        if self.spans is not None:
            self.spans.close()


class Nowhere:
    """The sink of a tracer that records nothing."""

    def keep(self, spans: list[Span]) -> None:
        """Never called."""

    def drop(self, count: int, reason: str) -> None:
        """Never called."""


# For what nobody listens to.
SILENT = Tracer(0, Nowhere(), recording=False)


def build_telemetry(
    settings: Settings, service: str, instruments: Instruments, logs: Logs | NullLogs
) -> Telemetry:
    """Build what a process tells with; nothing connects yet."""
    ratio = settings.trace_ratio
    if ratio is None:
        ratio = RATIOS.get(settings.environment, 1.0)
    full = settings.telemetry is TelemetryMode.FULL
    spans = create_span_queue(settings, service) if full else None
    tracer = Tracer(ratio, spans or Nowhere(), recording=spans is not None)
    told = Counts if spans is None else spans.counts
    instruments.watch_telemetry(told, logs.counts, logs.exported)
    return Telemetry(tracer, spans, logs)
