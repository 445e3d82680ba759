from __future__ import annotations

import gzip
import json
import logging
import os
import socket
import threading
import time
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

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
from pydantic import HttpUrl

from app.settings import OtlpProtocol
from app.telemetry.log_export import MOST_RECORDS, RecordCounts, create_log_queue
from app.telemetry.logs import Logs, configure_logs
from app.telemetry.tracing import Kind, Tracer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

    from app.settings import Settings
    from app.telemetry.tracing import Span
    from tests.app.conftest import WaitUntil

LOG = logging.getLogger("app.test")


@dataclass
class Sink:
    """A collector."""

    url: str = ""
    status: int = 200
    requests: list[ExportLogsServiceRequest] = field(default_factory=list)

    def records(self) -> list[LogRecord]:
        """Return everything that was taken."""
        return [
            record
            for request in self.requests
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            if sink.status == 200 and self.path == "/v1/logs":
                sink.requests.append(ExportLogsServiceRequest.FromString(body))
            self.send_response(sink.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield sink
        server.shutdown()
        thread.join()


@pytest.fixture
def grpc_sink() -> Iterator[Sink]:
    sink = Sink()

    class Servicer(LogsServiceServicer):
        def Export(  # noqa: N802  # the name of the protocol
            self, request: ExportLogsServiceRequest, context: grpc.ServicerContext
        ) -> ExportLogsServiceResponse:
            del context
            sink.requests.append(request)
            return ExportLogsServiceResponse()

    server = grpc.server(futures.ThreadPoolExecutor(2))
    add_LogsServiceServicer_to_server(Servicer(), server)  # type: ignore[no-untyped-call]  # generated
    sink.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield sink
    server.stop(0).wait()


@pytest.fixture
def black_hole() -> Iterator[str]:
    """Listen, and never answer."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def exporting(settings: Settings, url: str, protocol: OtlpProtocol) -> Iterator[Logs]:
    """Log to a collector, and to nowhere."""
    changes = {"otlp_endpoint": HttpUrl(url), "otlp_protocol": protocol, "otlp_logs": True}
    nowhere = os.open(os.devnull, os.O_WRONLY)
    logs = configure_logs(settings.model_copy(update=changes), "petswipe-api", nowhere)
    assert isinstance(logs, Logs)
    try:
        yield logs
    finally:
        logs.close()
        os.close(nowhere)


def read(logs: Logs) -> RecordCounts:
    """Read the counts, which add up at any moment."""
    counts = logs.exported()
    assert counts is not None
    assert counts.taken == counts.exported + sum(counts.dropped.values()) + counts.queued
    return counts


class Forgets:
    def keep(self, spans: list[Span]) -> None: ...

    def drop(self, count: int, reason: str) -> None: ...


def plain(record: LogRecord) -> dict[str, Any]:
    return {
        item.key: getattr(item.value, str(item.value.WhichOneof("value")))
        for item in record.attributes
    }


@pytest.mark.parametrize("protocol", list(OtlpProtocol))
def test_a_collector_gets_what_the_lines_say(
    settings: Settings, sink: Sink, grpc_sink: Sink, protocol: OtlpProtocol
) -> None:
    taker = grpc_sink if protocol is OtlpProtocol.GRPC else sink
    before = time.time_ns()
    with exporting(settings, taker.url, protocol) as logs:
        root = Tracer(1, Forgets()).begin("x", Kind.SERVER, None, "request-1")
        LOG.warning("no pet for %s", "a@b.example", extra={"password": "canary", "pets": 2})
        logs.access({"route": "/api/pets", "status": 500, "duration_ms": 1.5})
        root.trace.tracer.end(root)
        LOG.info("afterwards", extra={"list": [1, "two"]})
    said, access, later = taker.records()
    assert read(logs) == RecordCounts(taken=3, exported=3)
    assert said.body.string_value == "no pet for [redacted]"
    assert (said.severity_text, said.severity_number) == ("WARNING", 13)
    assert said.trace_id == root.trace.trace_id.to_bytes(16, "big")
    assert said.span_id == root.span_id.to_bytes(8, "big")
    assert before - 10**6 <= said.time_unix_nano <= time.time_ns()
    assert plain(said) == {
        "stream": "application",
        "logger": "app.test",
        "request_id": "request-1",
        "password": "[redacted]",
        "pets": 2,
    }
    assert (access.event_name, access.severity_text) == ("request", "ERROR")
    assert plain(access)["status"] == 500
    assert (later.trace_id, later.span_id) == (b"", b"")
    resource = {
        item.key: item.value.string_value
        for item in taker.requests[0].resource_logs[0].resource.attributes
    }
    assert resource["service.name"] == "petswipe-api"


def test_nothing_is_exported_unless_asked_for(settings: Settings) -> None:
    somewhere = HttpUrl("http://127.0.0.1:9")
    for changes in (
        {"otlp_endpoint": None, "otlp_logs": True},
        {"otlp_endpoint": somewhere, "otlp_logs": False},
    ):
        assert create_log_queue(settings.model_copy(update=changes), "petswipe-api") is None


@pytest.mark.parametrize("status", [400, 503])
@pytest.mark.parametrize("protocol", list(OtlpProtocol))
def test_a_collector_that_refuses_costs_records_and_no_time(
    settings: Settings, sink: Sink, protocol: OtlpProtocol, status: int
) -> None:
    sink.status = status
    check_shutdown(settings, sink.url, protocol)


@pytest.mark.parametrize("protocol", list(OtlpProtocol))
def test_a_collector_that_is_gone_costs_records_and_no_time(
    settings: Settings, protocol: OtlpProtocol
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
    check_shutdown(settings, url, protocol)


@pytest.mark.parametrize("protocol", list(OtlpProtocol))
def test_a_collector_that_never_answers_costs_records_and_no_time(
    settings: Settings, black_hole: str, protocol: OtlpProtocol
) -> None:
    check_shutdown(settings, black_hole, protocol)


def check_shutdown(settings: Settings, url: str, protocol: OtlpProtocol) -> None:
    with exporting(settings, url, protocol) as logs:
        for number in range(2000):
            logs.access({"route": "/api/pets", "status": 200, "number": number})
        started = time.monotonic()
        read(logs)
    assert time.monotonic() - started < 4
    counts = read(logs)
    assert (counts.exported, counts.queued) == (0, 0)
    assert set(counts.dropped) <= {"refused", "shutdown"}
    assert sum(counts.dropped.values()) >= 2000


def test_a_full_queue_drops_and_nobody_waits(settings: Settings, black_hole: str) -> None:
    with exporting(settings, black_hole, OtlpProtocol.HTTP) as logs:
        started = time.monotonic()
        for number in range(3 * MOST_RECORDS):
            logs.access({"status": 200, "number": number})
        assert time.monotonic() - started < 5
        counts = read(logs)
        assert counts.dropped["queue_full"] > MOST_RECORDS
        assert counts.queued >= MOST_RECORDS


def test_what_the_exporter_says_of_itself_is_not_exported(
    settings: Settings, sink: Sink, wait_until: WaitUntil
) -> None:
    sink.status = 400
    with exporting(settings, sink.url, OtlpProtocol.HTTP) as logs:
        LOG.info("lost")
        wait_until(lambda: bool(read(logs).dropped), "the collector has refused")
        sink.status = 200
        LOG.info("taken")
        wait_until(lambda: read(logs).exported == 1, "the collector has taken one")
        # Both changes were told on standard output.
        wait_until(lambda: logs.counts().accepted == 4, "both changes are told")
    assert read(logs) == RecordCounts(taken=2, exported=1, dropped={"refused": 1})
    assert [record.body.string_value for record in sink.records()] == ["taken"]


def test_counts_add_up_while_many_threads_log(settings: Settings, sink: Sink) -> None:
    def log(number: int) -> None:
        for index in range(1000):
            LOG.info("%s", json.dumps([number, index]))

    with exporting(settings, sink.url, OtlpProtocol.HTTP) as logs:
        threads = [threading.Thread(target=log, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            read(logs)
    counts = read(logs)
    assert counts.taken == 6000
    assert len({record.body.string_value for record in sink.records()}) == counts.exported
