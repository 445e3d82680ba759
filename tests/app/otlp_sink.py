"""A collector for tests: takes OTLP over HTTP and gRPC, and keeps what comes as it came.

It listens on a port, so that another process can send to it as well.
"""

from __future__ import annotations

import gzip
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import TYPE_CHECKING

import grpc  # type: ignore[import-untyped]  # no types published
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import (
    LogsServiceServicer,
    add_LogsServiceServicer_to_server,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)

from app.local.ports import HOST
from app.settings import OtlpProtocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord
    from opentelemetry.proto.trace.v1.trace_pb2 import Span

    Request = ExportTraceServiceRequest | ExportLogsServiceRequest
    Value = str | bool | int | float | bytes | list["Value"] | dict[str, "Value"] | None

PATIENCE_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02
TRACES, LOGS = "/v1/traces", "/v1/logs"


class Behaviour(IntEnum):
    """What a collector does with what it gets; the first three are HTTP statuses."""

    OK = 200
    MOVED = 301
    REFUSES = 400
    BUSY = 503
    # Takes the connection and never answers.
    SILENT = 0
    # Nothing listens.
    CLOSED = -1


GRPC_CODES = {
    Behaviour.REFUSES: grpc.StatusCode.INVALID_ARGUMENT,
    Behaviour.BUSY: grpc.StatusCode.UNAVAILABLE,
}


@dataclass(frozen=True, slots=True)
class ReceivedSpan:
    """A span as a collector sees it; ids as hex."""

    trace_id: str
    span_id: str
    parent_id: str
    name: str
    kind: int
    attributes: dict[str, Value]
    status: int
    started: int
    ended: int
    state: str
    flags: int
    links: list[tuple[str, str]]
    resource: dict[str, Value]


@dataclass(frozen=True, slots=True)
class ReceivedLog:
    """A log record as a collector sees it; ids as hex."""

    trace_id: str
    span_id: str
    at: int
    severity: str
    number: int
    body: Value
    event: str
    attributes: dict[str, Value]
    resource: dict[str, Value]


@dataclass(slots=True)
class Sink:
    """What has come, and what to do with what comes next."""

    url: str
    behaviour: Behaviour
    _asked: list[dict[str, str]] = field(default_factory=list)
    _traces: list[ExportTraceServiceRequest] = field(default_factory=list)
    _logs: list[ExportLogsServiceRequest] = field(default_factory=list)
    _spans: int = 0
    _changed: Condition = field(default_factory=Condition)

    def take(self, request: Request, headers: dict[str, str]) -> Behaviour:
        """Keep a request if this collector takes any; returns what it does with it."""
        with self._changed:
            self._asked.append(headers)
            if self.behaviour is Behaviour.OK:
                if isinstance(request, ExportTraceServiceRequest):
                    self._traces.append(request)
                    groups = (
                        scope for group in request.resource_spans for scope in group.scope_spans
                    )
                    self._spans += sum(len(scope.spans) for scope in groups)
                else:
                    self._logs.append(request)
            self._changed.notify_all()
            return self.behaviour

    def headers(self) -> list[dict[str, str]]:
        """Return the headers of every request, refused ones too; names are in lower case."""
        with self._changed:
            return list(self._asked)

    def spans(self) -> list[ReceivedSpan]:
        """Decode all spans."""
        with self._changed:
            requests = list(self._traces)
        return [
            _decode_span(span, _decode_all(group.resource.attributes))
            for request in requests
            for group in request.resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]

    def logs(self) -> list[ReceivedLog]:
        """Decode all log records."""
        with self._changed:
            requests = list(self._logs)
        return [
            _decode_log(record, _decode_all(group.resource.attributes))
            for request in requests
            for group in request.resource_logs
            for scope in group.scope_logs
            for record in scope.log_records
        ]

    def wait_for(self, count: int) -> list[ReceivedSpan]:
        """Return all spans once there are so many."""
        with self._changed:
            came = self._changed.wait_for(lambda: self._spans >= count, PATIENCE_SECONDS)
        assert came, f"{self._spans} spans came, not {count}"
        return self.spans()

    def wait_for_requests(self, count: int) -> None:
        """Return once so many requests have come, refused ones too."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self._asked) >= count, PATIENCE_SECONDS)
        assert came, f"{len(self._asked)} requests came, not {count}"


@contextmanager
def otlp_sink(
    protocol: OtlpProtocol = OtlpProtocol.HTTP, behaviour: Behaviour = Behaviour.OK
) -> Iterator[Sink]:
    """Run a collector; while it is neither silent nor closed, its behaviour may be changed."""
    if behaviour in {Behaviour.SILENT, Behaviour.CLOSED}:
        with socket.socket() as sock:
            # Bound and not listening, so that nobody else gets the port.
            sock.bind((HOST, 0))
            if behaviour is Behaviour.SILENT:
                sock.listen()
            yield Sink(f"http://{HOST}:{sock.getsockname()[1]}", behaviour)
        return
    serve = _serve_grpc if protocol is OtlpProtocol.GRPC else _serve_http
    sink = Sink("", behaviour)
    with serve(sink) as port:
        sink.url = f"http://{HOST}:{port}"
        yield sink


@pytest.fixture
def collector() -> Iterator[Sink]:
    """A collector that takes everything over HTTP."""
    with otlp_sink() as sink:
        yield sink


@contextmanager
def _serve_http(sink: Sink) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            traces = self.path == TRACES
            kind = ExportTraceServiceRequest if traces else ExportLogsServiceRequest
            headers = {name.lower(): value for name, value in self.headers.items()}
            assert self.path in {TRACES, LOGS}
            assert headers["content-type"] == "application/x-protobuf"
            status = sink.take(kind.FromString(body), headers)
            answer = ExportTraceServiceResponse() if traces else ExportLogsServiceResponse()
            content = answer.SerializeToString()
            self.send_response(status)
            if status == Behaviour.MOVED:
                self.send_header("Location", f"{sink.url}/elsewhere")
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=[LOOK_EVERY_SECONDS])
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def _serve_grpc(sink: Sink) -> Iterator[int]:
    def take(request: Request, context: grpc.ServicerContext) -> None:
        headers = {name: str(value) for name, value in context.invocation_metadata()}
        code = GRPC_CODES.get(sink.take(request, headers))
        if code is not None:
            context.abort(code, "as the test has said")

    class Traces(TraceServiceServicer):
        def Export(  # noqa: N802  # the name that the library looks for
            self, request: ExportTraceServiceRequest, context: grpc.ServicerContext
        ) -> ExportTraceServiceResponse:
            take(request, context)
            return ExportTraceServiceResponse()

    class Logs(LogsServiceServicer):
        def Export(  # noqa: N802  # the name that the library looks for
            self, request: ExportLogsServiceRequest, context: grpc.ServicerContext
        ) -> ExportLogsServiceResponse:
            take(request, context)
            return ExportLogsServiceResponse()

    with ThreadPoolExecutor(4) as threads:
        server = grpc.server(threads)
        add_TraceServiceServicer_to_server(Traces(), server)  # type: ignore[no-untyped-call]  # generated
        add_LogsServiceServicer_to_server(Logs(), server)  # type: ignore[no-untyped-call]  # generated
        port = server.add_insecure_port(f"{HOST}:0")
        server.start()
        try:
            yield port
        finally:
            server.stop(grace=None).wait()


def _decode_span(span: Span, resource: dict[str, Value]) -> ReceivedSpan:
    return ReceivedSpan(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.kind,
        _decode_all(span.attributes),
        span.status.code,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.trace_state,
        span.flags,
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        resource,
    )


def _decode_log(record: LogRecord, resource: dict[str, Value]) -> ReceivedLog:
    return ReceivedLog(
        record.trace_id.hex(),
        record.span_id.hex(),
        record.time_unix_nano,
        record.severity_text,
        record.severity_number,
        _decode(record.body),
        record.event_name,
        _decode_all(record.attributes),
        resource,
    )


def _decode_all(pairs: Iterable[KeyValue]) -> dict[str, Value]:
    return {pair.key: _decode(pair.value) for pair in pairs}


def _decode(value: AnyValue) -> Value:
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    if kind == "array_value":
        return [_decode(one) for one in value.array_value.values]
    if kind == "kvlist_value":
        return _decode_all(value.kvlist_value.values)
    plain: str | bool | int | float | bytes = getattr(value, kind)
    return plain
