"""The client against a real Prometheus, and against everything that is none."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer, SimpleHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest

from app.local.ports import HOST
from slo.prometheus import (
    NoDataError,
    Prometheus,
    PrometheusError,
    QueryError,
    Series,
    UnreachableError,
    WrongAddressError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.slo.conftest import Counters, Serve

BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
COUNT = "http_server_request_duration_seconds_count"


@pytest.fixture(scope="module")
def url(counters: Counters, serve: Serve) -> str:
    counters.grow(BEGIN, [5] * 20)
    counters.grow(BEGIN, [1] * 20, status="500")
    return serve(counters.history)


@pytest.fixture
def prometheus(url: str) -> Iterator[Prometheus]:
    with Prometheus(url) as found:
        yield found


def test_a_prometheus_that_answers_is_one(prometheus: Prometheus) -> None:
    prometheus.check()


def test_a_slash_at_the_end_of_the_address_does_not_matter(url: str) -> None:
    with Prometheus(url + "/") as found:
        found.check()
        assert found.url == url


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("vector(1)", "1"),
        ("vector(0)", "0"),
        ("vector(-2.5)", "-2.5"),
        ("vector(1e21)", "1e21"),
        ("vector(0.1)", "0.1"),
    ],
)
def test_a_number_is_exactly_what_prometheus_writes(
    query: str, number: str, prometheus: Prometheus
) -> None:
    assert prometheus.number(query) == Fraction(number)


def test_a_number_can_be_asked_for_at_a_moment(prometheus: Prometheus) -> None:
    query = f'{COUNT}{{http_response_status_code="201"}}'
    assert prometheus.number(query, at=BEGIN + timedelta(minutes=3)) == 20
    assert prometheus.number(query, at=BEGIN + timedelta(minutes=3.999)) == 20
    assert prometheus.number(query, at=BEGIN + timedelta(minutes=4)) == 25


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("nothing_of_that_name", "no series"),
        ("vector(0) / 0", "NaN"),
        ("vector(1) / 0", r"\+Inf"),
        ("-vector(1) / 0", "-Inf"),
        (f"{COUNT} @ {BEGIN.timestamp()}", "2 series in place of one"),
    ],
)
def test_what_is_not_one_finite_number_is_no_data(
    query: str, found: str, prometheus: Prometheus
) -> None:
    with pytest.raises(NoDataError, match=f"the query gives {found}"):
        prometheus.number(query)


def test_a_vector_maps_labels_to_values(prometheus: Prometheus) -> None:
    query = f"sum by (http_response_status_code, job) ({COUNT})"
    assert prometheus.vector(query, at=BEGIN + timedelta(minutes=1)) == {
        (("http_response_status_code", "201"), ("job", "petswipe-api")): "10",
        (("http_response_status_code", "500"), ("job", "petswipe-api")): "2",
    }


def test_a_range_gives_every_step(prometheus: Prometheus) -> None:
    start, minute = BEGIN.timestamp(), timedelta(minutes=1)
    query = f"sum by (job) ({COUNT})"
    assert prometheus.range(query, BEGIN, BEGIN + 2 * minute, minute) == [
        Series({"job": "petswipe-api"}, [(start + 60 * i, 6.0 * (i + 1)) for i in range(3)])
    ]
    assert prometheus.range("nothing", BEGIN, BEGIN + minute, minute) == []


@pytest.mark.parametrize("query", ["sum(", "rate(up)", 'up{job="x"', "", "sum(up) by by"])
def test_a_query_that_is_none_is_refused_with_the_servers_words(
    query: str, prometheus: Prometheus
) -> None:
    with pytest.raises(QueryError, match=r"Prometheus refuses .*: .*pars"):
        prometheus.number(query)


@pytest.mark.parametrize("query", ["1", '"text"', "up[5m]"])
def test_a_query_that_gives_no_vector_is_refused(query: str, prometheus: Prometheus) -> None:
    with pytest.raises(QueryError, match=r"the query gives a (scalar|string|matrix), not a vector"):
        prometheus.number(query)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "localhost",
        "localhost:9090",
        "//localhost:9090",
        "http://",
        "http://:9090",
        "ftp://localhost:9090",
        "http://localhost:port",
        "http://[::1",
        "http://local\nhost",
        "http://xn--:9090",
        "http://..:9090",
        f"http://{'a' * 64}.example:9090",
    ],
)
def test_what_is_no_address_is_refused_before_anything_is_sent(address: str) -> None:
    with pytest.raises(WrongAddressError) as caught:
        Prometheus(address)
    assert repr(address) in str(caught.value)


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as taken:
        # Bound, so that nobody else can take it, and not listening.
        taken.bind((HOST, 0))
        with pytest.raises(UnreachableError, match="is not reachable"):
            ask(f"http://{HOST}:{taken.getsockname()[1]}")


def test_a_server_that_never_answers_is_unreachable() -> None:
    with socket.socket() as silent:
        silent.bind((HOST, 0))
        silent.listen()
        with pytest.raises(UnreachableError, match="does not answer in time"):
            ask(f"http://{HOST}:{silent.getsockname()[1]}", timeout=0.2)


def test_a_server_that_hangs_up_is_unreachable() -> None:
    with answering(HangsUp) as url, pytest.raises(UnreachableError, match="is not reachable"):
        ask(url)


def test_a_web_server_is_no_prometheus() -> None:
    with (
        answering(Quiet) as url,
        pytest.raises(WrongAddressError, match=r"no Prometheus: HTTP 501"),
    ):
        ask(url)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, "<!doctype html><title>Grafana</title>"),
        (200, ""),
        (200, "[]"),
        (200, '"up"'),
        (200, "null"),
        (200, '{"status": "UP"}'),
        (200, '{"status": "success"}'),
        (200, '{"status": "success", "data": null}'),
        (404, '{"status": 404, "error": "Not Found", "path": "/api/v1/query"}'),
        (404, "404 page not found"),
        (302, ""),
        (500, "\udcff"),
    ],
)
def test_an_answer_of_another_shape_is_no_prometheus(status: int, body: str) -> None:
    with (
        answering(saying(status, body)) as url,
        pytest.raises(WrongAddressError, match=f"is no Prometheus: HTTP {status}"),
    ):
        ask(url)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_prometheus_that_still_starts_is_unreachable_and_not_another_server(status: int) -> None:
    with (
        answering(saying(status, "Service Unavailable")) as url,
        pytest.raises(UnreachableError, match=f"is not ready: HTTP {status}"),
    ):
        ask(url)


def test_a_prometheus_that_gives_up_is_unreachable_and_the_query_not_blamed() -> None:
    refusal = {"status": "error", "errorType": "timeout", "error": "query timed out"}
    with (
        answering(saying(503, json.dumps(refusal))) as url,
        pytest.raises(UnreachableError, match="gave up: query timed out"),
    ):
        ask(url)


def test_a_proxy_of_the_environment_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://{HOST}:1")
    monkeypatch.setenv("ALL_PROXY", f"http://{HOST}:1")
    ask(url)


@pytest.mark.parametrize("kind", [WrongAddressError, UnreachableError, QueryError, NoDataError])
def test_all_of_it_is_caught_as_one(kind: type[Exception]) -> None:
    assert issubclass(kind, PrometheusError)


def ask(url: str, timeout: float = 60) -> None:
    with Prometheus(url, timeout) as prometheus:
        prometheus.check()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files, as `python -m http.server` does."""

    def log_message(self, *_: object) -> None:
        """Leave the output of the tests alone."""


class HangsUp(BaseHTTPRequestHandler):
    """Takes a request and closes the connection."""

    def handle(self) -> None:
        self.rfile.readline()


def saying(status: int, body: str) -> type[BaseHTTPRequestHandler]:
    """Make a handler that gives one answer to everything."""
    content = body.encode(errors="surrogateescape")

    class Saying(Quiet):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Saying


@contextmanager
def answering(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Serve on a free port until the block ends."""
    with HTTPServer((HOST, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://{HOST}:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
