"""What ours and the public libraries have counted of the same requests, in the same words."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.trace import NoOpTracerProvider
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_fastapi_instrumentator import Instrumentator
from starlette_exporter import PrometheusMiddleware as StarletteExporter
from starlette_exporter.optional_metrics import request_body_size
from starlette_prometheus import PrometheusMiddleware as StarlettePrometheus

from app.telemetry.instruments import ApiInstruments
from app.telemetry.logs import NullLogs
from app.telemetry.middleware import TelemetryMiddleware
from app.telemetry.operations import Operations
from app.telemetry.process import SILENT, Telemetry
from tests.comparison.service import ROUTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from fastapi import FastAPI
    from starlette.types import ASGIApp

    Library = Callable[[FastAPI], AbstractContextManager["Measured"]]


@dataclass(frozen=True, slots=True)
class Counts:
    """What was measured: requests, those that failed, sets of labels, time, what is still open."""

    requests: float
    failed: float
    label_sets: int
    seconds: float
    open: float = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """An application that is measured, and what has been so far."""

    app: ASGIApp
    read: Callable[[], Counts]


@contextmanager
def ours(api: FastAPI) -> Iterator[Measured]:
    """Measure as this service does."""
    instruments = ApiInstruments("1.0", "abc")
    telemetry = Telemetry(SILENT, None, NullLogs())
    app = TelemetryMiddleware(api, instruments, telemetry, Operations(ROUTES))
    duration = "http_server_request_duration_seconds"

    def failed(labels: dict[str, str]) -> bool:
        return labels["error_type"] != ""

    def read() -> Counts:
        return _prometheus(
            _samples(instruments.registry),
            f"{duration}_count",
            f"{duration}_sum",
            "http_server_active_requests",
            failed,
        )

    yield Measured(app, read)


@contextmanager
def fastapi_instrumentator(api: FastAPI) -> Iterator[Measured]:
    """Measure with prometheus-fastapi-instrumentator, as its README shows."""
    registry = CollectorRegistry()
    Instrumentator(registry=registry).instrument(api)

    def failed(labels: dict[str, str]) -> bool:
        return labels["status"] == "5xx"

    def read() -> Counts:
        seconds = "http_request_duration_seconds_sum"
        return _prometheus(_samples(registry), "http_requests_total", seconds, "", failed)

    yield Measured(api, read)


@contextmanager
def starlette_exporter(api: FastAPI) -> Iterator[Measured]:
    """Measure with starlette-exporter, the sizes of requests too, as its README shows."""
    # Its metrics live as long as the process, so each application has names of its own.
    prefix = f"exporter_{uuid4().hex}"
    api.add_middleware(StarletteExporter, prefix=prefix, optional_metrics=[request_body_size])

    def failed(labels: dict[str, str]) -> bool:
        return labels["status_code"].startswith("5")

    def read() -> Counts:
        return _prometheus(
            _samples(REGISTRY),
            f"{prefix}_requests_total",
            f"{prefix}_request_duration_seconds_sum",
            f"{prefix}_requests_in_progress",
            failed,
        )

    yield Measured(api, read)


@contextmanager
def starlette_prometheus(api: FastAPI) -> Iterator[Measured]:
    """Measure with starlette-prometheus, as its README shows."""
    api.add_middleware(StarlettePrometheus)
    # Its metrics live as long as the process.
    before = _samples(REGISTRY)

    def failed(labels: dict[str, str]) -> bool:
        return labels["status_code"].startswith("5")

    def read() -> Counts:
        now = _samples(REGISTRY)
        now.subtract(before)
        return _prometheus(
            now,
            "starlette_responses_total",
            "starlette_requests_processing_time_seconds_sum",
            "starlette_requests_in_progress",
            failed,
        )

    yield Measured(api, read)


@contextmanager
def opentelemetry(api: FastAPI) -> Iterator[Measured]:
    """Measure with opentelemetry-instrumentation-fastapi, as its documentation shows."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    FastAPIInstrumentor.instrument_app(
        api, tracer_provider=NoOpTracerProvider(), meter_provider=provider
    )
    try:
        yield Measured(api, lambda: _opentelemetry(reader))
    finally:
        FastAPIInstrumentor.uninstrument_app(api)
        provider.shutdown()


Samples = Counter[tuple[str, tuple[tuple[str, str], ...]]]


def _samples(registry: CollectorRegistry) -> Any:
    found: Any = Counter()
    for family in registry.collect():
        for sample in family.samples:
            found[sample.name, tuple(sorted(sample.labels.items()))] += sample.value
    return found


def _prometheus(
    samples: Samples, count: str, seconds: str, gauge: str, failed: Callable[[dict[str, str]], bool]
) -> Counts:
    counted = {
        labels: value for (name, labels), value in samples.items() if name == count and value
    }
    return Counts(
        sum(counted.values()),
        sum(value for labels, value in counted.items() if failed(dict(labels))),
        len(counted),
        sum(value for (name, _), value in samples.items() if name == seconds),
        sum(value for (name, _), value in samples.items() if name == gauge),
    )


def _opentelemetry(reader: InMemoryMetricReader) -> Counts:
    data = reader.get_metrics_data()
    points = [
        (metric.name, point)
        for resource in ([] if data is None else data.resource_metrics)
        for scope in resource.scope_metrics
        for metric in scope.metrics
        for point in metric.data.data_points
    ]
    durations = [
        point
        for name, point in points
        if name == "http.server.duration" and isinstance(point, HistogramDataPoint)
    ]
    status = "http.status_code"
    return Counts(
        sum(point.count for point in durations),
        sum(p.count for p in durations if p.attributes and int(str(p.attributes[status])) >= 500),
        len(durations),
        sum(point.sum for point in durations) / 1000,
    )
