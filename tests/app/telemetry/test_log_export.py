from __future__ import annotations

import json
import logging
import os
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from pydantic import HttpUrl

from app.settings import OtlpProtocol
from app.telemetry.carrier import Counts
from app.telemetry.catalog import LOG_LINES
from app.telemetry.instruments import Instruments
from app.telemetry.log_export import create_log_queue, readable
from app.telemetry.logs import Logs, NullLogs, configure_logs
from app.telemetry.otlp import describe_process
from app.telemetry.process import Nowhere, build_telemetry
from app.telemetry.tracing import Kind, Tracer
from tests.app.otlp_sink import Behaviour, Sink, otlp_sink
from tests.app.telemetry.queues import EVERY_PROTOCOL, conserved

if TYPE_CHECKING:
    from collections.abc import Iterator

    from app.settings import Settings
    from tests.app.conftest import WaitUntil

LOG = logging.getLogger("app.test")
# A second for the collector, one and a quarter for the reader of the log.
MOST_SECONDS = 2.75


@contextmanager
def exporting(
    settings: Settings, sink: Sink, protocol: OtlpProtocol = OtlpProtocol.HTTP
) -> Iterator[Logs]:
    """Log to a collector, and to nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    logs = configure_logs(settings_of(settings, sink, protocol), "petswipe-api", nowhere)
    assert isinstance(logs, Logs)
    try:
        yield logs
    finally:
        logs.close()
        os.close(nowhere)


def settings_of(settings: Settings, sink: Sink, protocol: OtlpProtocol) -> Settings:
    changes = {"otlp_endpoint": HttpUrl(sink.url), "otlp_protocol": protocol, "otlp_logs": True}
    return settings.model_copy(update=changes)


def line(**fields: object) -> dict[str, object]:
    """Make the fields of a line."""
    return {"time": datetime.now(UTC), "level": "INFO", "message": "fine", **fields}


def read(logs: Logs) -> Counts:
    """Read the counts, which add up at any moment."""
    counts = logs.exported()
    assert conserved(counts)
    return counts


@EVERY_PROTOCOL
def test_a_collector_gets_what_the_lines_say(settings: Settings, protocol: OtlpProtocol) -> None:
    before = time.time_ns()
    with otlp_sink(protocol) as sink:
        with exporting(settings, sink, protocol) as logs:
            root = Tracer(1, Nowhere()).begin("x", Kind.SERVER, None, "request-1")
            LOG.warning("no pet for %s", "a@b.example", extra={"password": "canary", "pets": 2})
            logs.access({"route": "/api/pets", "status": 500, "duration_ms": 1.5})
            root.trace.tracer.end(root)
            LOG.info("afterwards", extra={"list": [1, "two"]})
        said, access, later = sink.logs()
    assert read(logs) == Counts(taken=3, exported=3)
    assert said.body == "no pet for [redacted]"
    assert (said.severity, said.number) == ("WARNING", 13)
    assert said.trace_id == f"{root.trace.trace_id:032x}"
    assert said.span_id == f"{root.span_id:016x}"
    assert before - 10**6 <= said.at <= time.time_ns()
    assert said.attributes == {
        "stream": "application",
        "logger": "app.test",
        "request_id": "request-1",
        "password": "[redacted]",
        "pets": 2,
    }
    assert (access.event, access.severity) == ("request", "ERROR")
    assert access.attributes["status"] == 500
    assert (later.trace_id, later.span_id) == ("", "")
    assert later.attributes["list"] == [1, "two"]
    assert said.resource["service.name"] == "petswipe-api"


@EVERY_PROTOCOL
def test_headers_come_from_the_environment(
    settings: Settings, protocol: OtlpProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=pets")
    with otlp_sink(protocol) as sink:
        with exporting(settings, sink, protocol):
            LOG.info("one")
        assert sink.headers()[0]["x-tenant"] == "pets"


def test_nothing_is_exported_unless_asked_for(settings: Settings) -> None:
    somewhere = HttpUrl("http://127.0.0.1:9")
    for changes in (
        {"otlp_endpoint": None, "otlp_logs": True},
        {"otlp_endpoint": somewhere, "otlp_logs": False},
    ):
        assert create_log_queue(settings.model_copy(update=changes), "petswipe-api") is None


@EVERY_PROTOCOL
@pytest.mark.parametrize(
    "behaviour", [Behaviour.CLOSED, Behaviour.SILENT, Behaviour.BUSY, Behaviour.REFUSES]
)
def test_a_collector_that_takes_nothing_costs_records_and_no_time(
    settings: Settings, protocol: OtlpProtocol, behaviour: Behaviour
) -> None:
    with otlp_sink(protocol, behaviour) as sink:
        with exporting(settings, sink, protocol) as logs:
            for number in range(2000):
                logs.access({"route": "/api/pets", "status": 200, "number": number})
            read(logs)
            begun = time.monotonic()
        took = time.monotonic() - begun
        asked = len(sink.headers())
    counts = read(logs)
    assert took < MOST_SECONDS
    assert (counts.taken, counts.exported, counts.queued) == (2000, 0, 0)
    assert set(counts.dropped) <= {"refused", "shutdown"}
    assert (asked > 0) == (behaviour in {Behaviour.BUSY, Behaviour.REFUSES})


def test_a_redirect_is_no_delivery(settings: Settings) -> None:
    with otlp_sink(behaviour=Behaviour.MOVED) as sink:
        with exporting(settings, sink) as logs:
            LOG.info("lost")
        assert len(sink.headers()) == 1
    assert read(logs) == Counts(taken=1, dropped={"refused": 1})


@EVERY_PROTOCOL
def test_only_records_that_cannot_be_sent_are_dropped(
    settings: Settings, protocol: OtlpProtocol
) -> None:
    spoilt: tuple[dict[str, object], ...] = (
        line(message="\ud800"),
        line(event="\ud800"),
        line(level="\ud800"),
        line(**{"\ud800": 1}),
        line(text="\ud800"),
        line(deep=[{"\ud800": 1}]),
        line(trace_id="none", span_id="none"),
        {"message": "neither a time nor a level"},
    )
    with otlp_sink(protocol) as sink:
        queue = create_log_queue(settings_of(settings, sink, protocol), "petswipe-api")
        assert queue is not None
        queue.start()
        for fields in spoilt:
            queue.keep(fields)
            queue.keep(line())
        queue.close()
        assert [one.body for one in sink.logs()] == ["fine"] * len(spoilt)
    count = len(spoilt)
    assert queue.counts() == Counts(2 * count, count, dropped={"invalid": count})


def test_values_that_the_format_does_not_know_arrive_as_text(settings: Settings) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    odd = {"big": 1 << 63, "small": -(1 << 63), "at": at, "deep": [{"raw": b"x"}, None], "no": None}
    with otlp_sink() as sink:
        queue = create_log_queue(settings_of(settings, sink, OtlpProtocol.HTTP), "petswipe-api")
        assert queue is not None
        queue.start()
        queue.keep(line(**odd))
        queue.close()
        (came,) = sink.logs()
    assert came.attributes == {
        "big": str(1 << 63),
        "small": -(1 << 63),
        "at": str(at),
        "deep": [{"raw": "b'x'"}, None],
    }


def test_what_the_exporter_says_of_itself_is_not_exported(
    settings: Settings, wait_until: WaitUntil
) -> None:
    with otlp_sink(behaviour=Behaviour.REFUSES) as sink:
        with exporting(settings, sink) as logs:
            LOG.info("lost")
            wait_until(lambda: bool(read(logs).dropped), "the collector has refused")
            sink.behaviour = Behaviour.OK
            LOG.info("taken")
            wait_until(lambda: read(logs).exported == 1, "the collector has taken one")
            # Both changes were told on standard output.
            wait_until(lambda: logs.counts().accepted == 4, "both changes are told")
        assert [one.body for one in sink.logs()] == ["taken"]
    assert read(logs) == Counts(taken=2, exported=1, dropped={"refused": 1})


def shown(instruments: Instruments) -> dict[str, float | None]:
    """Read what a scrape tells of log lines."""
    (label,) = LOG_LINES.labels
    read_value = instruments.registry.get_sample_value
    return {value: read_value(LOG_LINES.name, {label.name: value}) for value in label.values}


def test_a_scrape_shows_what_became_of_lines_and_of_records(
    settings: Settings, wait_until: WaitUntil
) -> None:
    instruments = Instruments("1.0", "abc")
    with otlp_sink(behaviour=Behaviour.MOVED) as sink:
        with exporting(settings, sink) as logs:
            build_telemetry(settings, "petswipe-api", instruments, logs)
            LOG.info("lost")
            wait_until(lambda: bool(read(logs).dropped), "the collector has refused")
            sink.behaviour = Behaviour.OK
            LOG.info("taken")
            LOG.info("taken too")
        # Lines of both changes are written as well.
        lines = {"written": 5, "dropped": 0, "exported": 2, "export_dropped": 1}
        assert shown(instruments) == lines
    build_telemetry(settings, "petswipe-api", instruments, NullLogs())
    assert shown(instruments) == dict.fromkeys(lines, 0)


def test_counts_add_up_while_many_threads_log(settings: Settings) -> None:
    def log(number: int) -> None:
        for index in range(1000):
            LOG.info("%s", json.dumps([number, index]))

    with otlp_sink() as sink:
        with exporting(settings, sink) as logs:
            threads = [threading.Thread(target=log, args=(number,)) for number in range(6)]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                read(logs)
        counts = read(logs)
        came = [one.body for one in sink.logs()]
    assert counts.taken == 6000
    assert len(came) == len(set(came)) == counts.exported


def test_records_of_a_process_share_one_resource(settings: Settings) -> None:
    described = describe_process(settings, "petswipe-test")
    records = [readable(line(), described) for _ in range(3)]
    (group,) = encode_logs(records).resource_logs
    (scope,) = group.scope_logs
    assert len(scope.log_records) == 3
