"""What the management port says, in which form, and when."""

from __future__ import annotations

import gzip
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from app.telemetry.catalog import HTTP_DURATION
from tests.app.conftest import NO_TLS, fetch
from tests.app.otlp_sink import Sink, otlp_sink

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.app.conftest import OpenFolder, Server, WaitUntil
    from tests.app.telemetry.conftest import Small

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
# What Prometheus 3 sends.
PROMETHEUS = f"{OPENMETRICS};q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1"
REQUESTS = 200
FAILURES = 10


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


@pytest.fixture(scope="module")
def server(small: Small, sink: Sink) -> Iterator[Server]:
    """A service that keeps every tenth trace, and those that fail."""
    with small(PET_OTLP_ENDPOINT=sink.url, PET_TRACE_RATIO="0.1") as server:
        for path, times in (("/ok/a", REQUESTS), ("/early", FAILURES)):
            for _ in range(times):
                fetch(server.url + path)
        yield server


def scrape(server: Server, accept: str, encoding: str = "identity") -> httpx.Response:
    headers = {"Accept": accept, "Accept-Encoding": encoding}
    answer = httpx.get(server.metrics[0], headers=headers, trust_env=False, verify=NO_TLS)
    assert answer.status_code == 200
    return answer


def test_who_asks_for_openmetrics_gets_it_with_exemplars_of_kept_traces(
    server: Server, sink: Sink, wait_until: WaitUntil
) -> None:
    def found() -> dict[str, str]:
        """Map the exemplars' traces to the routes of their series."""
        text = scrape(server, OPENMETRICS).text
        return {
            sample.exemplar.labels["trace_id"]: sample.labels["http_route"]
            for family in read_openmetrics(text)
            for sample in family.samples
            if sample.exemplar
        }

    wait_until(lambda: {"/ok/{name}", "/early"} <= set(found().values()), "exemplars of both")
    answer = scrape(server, PROMETHEUS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("\n# EOF\n")
    exemplars = found()

    def kept() -> dict[str, object]:
        """Map the traces that the collector has to their routes."""
        spans = (span for span in sink.spans() if not span.parent_id)
        return {span.trace_id: span.attributes["http.route"] for span in spans}

    wait_until(lambda: set(exemplars) <= set(kept()), "every trace that an exemplar names")
    assert exemplars.items() <= kept().items()
    assert len(kept()) < REQUESTS


@pytest.mark.parametrize("accept", ["*/*", "text/plain;version=0.0.4"])
def test_everybody_else_gets_text_without_exemplars(server: Server, accept: str) -> None:
    answer = scrape(server, accept)
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "trace_id" not in answer.text
    assert "# EOF" not in answer.text
    names = {family.name for family in read_text(answer.text)}
    assert HTTP_DURATION.name in names


@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS])
def test_no_series_tells_when_it_was_created(server: Server, accept: str) -> None:
    assert "_created" not in scrape(server, accept).text


@pytest.mark.parametrize("accept", ["*/*", OPENMETRICS])
def test_who_can_unpack_it_gets_it_packed(server: Server, accept: str) -> None:
    plain = scrape(server, accept)
    assert "content-encoding" not in plain.headers
    with httpx.stream(
        "GET",
        server.metrics[0],
        headers={"Accept": accept, "Accept-Encoding": "gzip"},
        trust_env=False,
        verify=NO_TLS,
    ) as packed:
        content = b"".join(packed.iter_raw())
    assert packed.headers["content-encoding"] == "gzip"
    assert len(content) < len(plain.content) / 5
    assert gzip.decompress(content).startswith(b"# HELP")


def test_a_scrape_is_answered_while_the_event_loop_answers_nobody(
    small: Small, open_folder: OpenFolder, wait_until: WaitUntil
) -> None:
    with small() as server, open_folder() as folder, ThreadPoolExecutor(2) as callers:
        pipe = folder / "pipe"
        os.mkfifo(pipe)
        blocked = callers.submit(fetch, f"{server.url}/block?pipe={pipe}")
        wait_until(lambda: "blocked" in server.said(), "the end of everything else")
        waiting = callers.submit(fetch, f"{server.url}/ok/a")
        try:
            # The loop is free only once something has been written, which comes after this.
            text = fetch(server.metrics[0]).text
            assert not blocked.done()
            assert not waiting.done()
        finally:
            pipe.write_text("free")
        assert blocked.result().json() == "free"
        assert waiting.result().status_code == 200
    active = 'http_server_active_requests{http_request_method="GET"} 1.0'
    assert active in text
