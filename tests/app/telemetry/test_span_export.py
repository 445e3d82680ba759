from __future__ import annotations

import importlib.util
import inspect
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExportResult

from app.local.ports import HOST
from app.settings import OtlpProtocol
from app.telemetry.carrier import Counts
from app.telemetry.otlp import describe_process
from app.telemetry.span_export import SpanQueue, create_span_exporter, readable
from app.telemetry.tracing import Kind, Span, Tracer, current, span
from app.telemetry.w3c import Remote
from app.version import VERSION
from tests.app.otlp_sink import Behaviour, Sink, otlp_sink
from tests.app.telemetry.queues import (
    EVERY_PROTOCOL,
    RESOURCE,
    Blocking,
    loose,
    queue_to,
    record,
    sending,
    settings_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.app.conftest import WaitUntil

ROOT = Path(__file__).parents[3]
# A collector in Rust; not among what these tests need.
ROTEL = importlib.util.find_spec("rotel")
REMOTE = Remote(0x1234 << 64, 0xDEF, sampled=True, state="foo=1,bar=2")
LINKED = Remote(0xFEED, 0xBEEF, sampled=False)
# Fields of a span, and values of them that types are there to prevent.
SPOILT: tuple[tuple[str, object], ...] = (
    ("attributes", {"a": None}),
    ("attributes", {"a": b"raw"}),
    ("attributes", {"a": ["list"]}),
    ("attributes", {"a": object()}),
    ("attributes", {"a": "\ud800"}),
    ("attributes", {"a": 1 << 63}),
    ("attributes", {"\ud800": "a"}),
    ("attributes", {7: "a"}),
    ("attributes", None),
    ("attributes", ["a"]),
    ("name", "\udfff"),
    ("name", None),
    ("error", KeyError),
    ("kind", 9),
    ("links", (None,)),
)


@pytest.fixture(autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    """A span that stays open would be the parent of what other tests do."""
    yield
    assert current() is None


@EVERY_PROTOCOL
def test_a_span_arrives_as_it_was_recorded(protocol: OtlpProtocol) -> None:
    before = time.time_ns()
    with otlp_sink(protocol) as sink, sending(queue_to(sink, protocol)) as tracer:
        root = tracer.begin("GET", Kind.SERVER, REMOTE, "request-1")
        with pytest.raises(ZeroDivisionError), span("ask", Kind.CLIENT, {"a": "ä", "empty": ""}):
            raise ZeroDivisionError("a secret")
        root.name = "GET /api/pets/{pet_id}"
        root.attributes = {"text": "words", "number": 200, "share": 0.5, "yes": True}
        root.links = (LINKED,)
        tracer.end(root)
    child, first = sink.spans()
    assert first.trace_id == child.trace_id == f"{REMOTE.trace_id:032x}"
    assert first.span_id == child.parent_id == f"{root.span_id:016x}"
    assert first.parent_id == f"{REMOTE.span_id:016x}"
    assert (first.name, child.name) == ("GET /api/pets/{pet_id}", "ask")
    # The format counts its kinds from one; its statuses are unset, fine and failed.
    assert (first.kind, child.kind) == (Kind.SERVER + 1, Kind.CLIENT + 1)
    assert (first.status, child.status) == (0, 2)
    assert first.attributes == {"text": "words", "number": 200, "share": 0.5, "yes": True}
    assert child.attributes == {"a": "ä", "error.type": "ZeroDivisionError"}
    assert first.links == [(f"{LINKED.trace_id:032x}", f"{LINKED.span_id:016x}")]
    assert first.state == child.state == REMOTE.state
    # Whether the parent is of another process: known, and which.
    assert (first.flags & 0x300, child.flags & 0x300) == (0x300, 0x100)
    assert before < first.started < child.started < child.ended < first.ended < time.time_ns()
    named = {key: value for key, value in first.resource.items() if "instance" not in key}
    assert (
        named.items()
        >= {
            "service.name": "petswipe-test",
            "service.namespace": "petswipe",
            "service.version": VERSION,
            "deployment.environment.name": "staging",
            "vcs.ref.head.revision": "abc123",
        }.items()
    )


@EVERY_PROTOCOL
def test_a_trace_without_a_caller_has_no_parent(protocol: OtlpProtocol) -> None:
    with otlp_sink(protocol) as sink, sending(queue_to(sink, protocol)) as tracer:
        record(tracer)
    (received,) = sink.spans()
    assert (received.parent_id, received.state, received.links) == ("", "", [])


@EVERY_PROTOCOL
def test_headers_come_from_the_environment(
    protocol: OtlpProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=pets,authorization=Basic%20abc")
    with otlp_sink(protocol) as sink, sending(queue_to(sink, protocol)) as tracer:
        record(tracer)
    assert sink.headers()[0].items() >= {"x-tenant": "pets", "authorization": "Basic abc"}.items()


@EVERY_PROTOCOL
def test_every_span_arrives_once_and_is_counted(protocol: OtlpProtocol) -> None:
    with otlp_sink(protocol) as sink:
        queue = queue_to(sink, protocol)
        with sending(queue) as tracer:
            roots = [record(tracer, children=4) for _ in range(300)]
        received = [one.span_id for one in sink.spans()]
    assert queue.counts() == Counts(taken=1500, exported=1500)
    assert len(received) == len(set(received)) == 1500
    assert {f"{root.span_id:016x}" for root in roots} <= set(received)


@contextmanager
def rotel(sink: Sink, protocol: OtlpProtocol, port: int) -> Iterator[Sink]:
    """Run a collector of somebody else that passes everything on to a sink."""
    assert ROTEL is not None
    ports = {OtlpProtocol.HTTP: 0, OtlpProtocol.GRPC: 0, protocol: port}
    command = [str(Path(str(ROTEL.origin)).with_name("rotel-agent")), "start"]
    command += ["--otlp-http-endpoint", f"{HOST}:{ports[OtlpProtocol.HTTP]}"]
    command += ["--otlp-grpc-endpoint", f"{HOST}:{ports[OtlpProtocol.GRPC]}"]
    command += ["--exporter", "otlp", "--otlp-exporter-protocol", "http"]
    command += ["--otlp-exporter-endpoint", sink.url, "--batch-timeout", "100ms"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield Sink(f"http://{HOST}:{port}", Behaviour.OK)
        finally:
            process.terminate()


@pytest.mark.skipif(ROTEL is None, reason="the wheel rotel is not installed")
@EVERY_PROTOCOL
def test_somebody_elses_collector_passes_spans_on_unchanged(
    protocol: OtlpProtocol, free_port: int, wait_until: WaitUntil
) -> None:
    tracer = Tracer(1, SpanQueue(Blocking(), RESOURCE))
    root = tracer.begin("GET", Kind.SERVER, REMOTE)
    with span("ask", Kind.CLIENT, {"text": "ä", "number": 1, "yes": True}) as child:
        pass
    root.links = (LINKED,)
    tracer.end(root, "timeout")
    assert isinstance(child, Span)

    def export(sink: Sink) -> bool:
        settings = settings_of(sink.url, protocol)
        resource = describe_process(settings, "petswipe-test")
        exporter = create_span_exporter(settings)
        done = exporter.export([readable(one, resource) for one in (root, child)])
        exporter.shutdown()
        return done is SpanExportResult.SUCCESS

    with otlp_sink() as sink, rotel(sink, protocol, free_port) as between:
        wait_until(lambda: export(between), "a collector that takes spans")
        passed_on = sink.wait_for(2)
    with otlp_sink(protocol) as sink:
        assert export(sink)
        assert sink.spans() == passed_on


@EVERY_PROTOCOL
def test_only_spans_that_cannot_be_sent_are_dropped(protocol: OtlpProtocol) -> None:
    with otlp_sink(protocol) as sink:
        queue = queue_to(sink, protocol)
        with sending(queue) as tracer:
            for field, value in SPOILT:
                root = tracer.begin("GET", Kind.SERVER, None)
                with span("work"):
                    pass
                setattr(root, field, value)
                tracer.end(root)
        assert {one.name for one in sink.spans()} == {"work"}
    count = len(SPOILT)
    assert queue.counts() == Counts(2 * count, count, dropped={"invalid": count})


def test_a_redirect_is_no_delivery() -> None:
    with otlp_sink(behaviour=Behaviour.MOVED) as sink:
        queue = queue_to(sink)
        with sending(queue) as tracer:
            record(tracer)
        assert len(sink.headers()) == 1
    assert queue.counts() == Counts(taken=1, exported=0, dropped={"refused": 1})


def test_the_sdk_still_takes_what_we_make() -> None:
    """A new release of the SDK that breaks this needs another `readable`."""
    parameters = list(inspect.signature(ReadableSpan.__init__).parameters)
    assert parameters[1:7] == ["name", "context", "parent", "resource", "attributes", "events"]
    root = loose()
    made = readable(root, RESOURCE)
    (group,) = encode_spans([made, readable(loose(), RESOURCE)]).resource_spans
    assert len(group.scope_spans[0].spans) == 2
    assert group.scope_spans[0].spans[0].span_id.hex() == f"{root.span_id:016x}"
    assert (made.start_time, made.end_time) == (
        root.trace.unix_ns(root.started),
        root.trace.unix_ns(root.ended),
    )


def test_spans_of_a_process_share_one_resource() -> None:
    described = describe_process(settings_of("http://localhost"), "petswipe-test")
    assert described == described  # noqa: PLR0124  # it has an equality of its own
    records = [readable(loose(), described) for _ in range(3)]
    (group,) = encode_spans(records).resource_spans
    (scope,) = group.scope_spans
    assert (scope.scope.name, scope.scope.version) == ("petswipe", VERSION)
    assert len(scope.spans) == 3


def test_a_process_that_speaks_http_does_not_load_grpc() -> None:
    code = "import sys, app.main; print('grpc' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
