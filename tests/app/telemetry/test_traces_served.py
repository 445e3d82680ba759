"""What a collector gets of a real server's traces."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from app.telemetry.catalog import (
    OVERFLOWS,
    SPAN_COMMIT,
    SPAN_DECK_BUILD,
    SPAN_DROPS,
    SPAN_HASH,
    SPAN_PICTURE,
    SPAN_STORAGE,
    SPANS_DROPPED,
    SPANS_EXPORTED,
    SPANS_QUEUED,
    SPANS_STARTED,
)
from app.telemetry.tracing import Kind
from tests.app.conftest import PASSWORD, PATIENCE_SECONDS
from tests.app.otlp_sink import otlp_sink
from tests.app.telemetry.wire import connect, request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from app.settings import Settings
    from tests.app.conftest import Server, Serving, WaitUntil
    from tests.app.otlp_sink import ReceivedSpan, Sink
    from tests.app.telemetry.conftest import Small

pytestmark = pytest.mark.anyio

REQUESTS = 10_000
FAIL_EVERY = 33
RATIO = 0.1
BLOCK = 100
# As OTLP numbers them: ours, and one more.
SERVER, CLIENT = Kind.SERVER + 1, Kind.CLIENT + 1
ERROR = 2
PARENT = "00f067aa0ba902b7"
STATE = "vendor=opaque"
QUERY = "query-canary-5d1a"
NAME = "name-canary-77c0"
SECRETS = (PASSWORD, QUERY, NAME, "people.petswipe.example")


@pytest.fixture
def collector() -> Iterator[Sink]:
    with otlp_sink() as sink:
        yield sink


class Caller:
    """Sends each request in a trace of its own, and finds what became of it."""

    def __init__(self, client: httpx.Client, sink: Sink) -> None:
        self._client = client
        self._sink = sink
        self._last = 0
        self.traces: dict[str, int] = {}

    def ask(self, method: str, path: str, status: int, **given: object) -> str:
        """Ask for something and return its trace."""
        self._last += 1
        trace_id = f"{self._last:032x}"
        headers = {"traceparent": f"00-{trace_id}-{PARENT}-01", "tracestate": STATE}
        answer = self._client.request(method, path, headers=headers, **given)  # type: ignore[arg-type]  # json or files
        assert answer.status_code == status, answer.text
        self.traces[trace_id] = status
        return trace_id

    def spans(self, trace_id: str) -> list[ReceivedSpan]:
        """Return the spans of a trace."""
        return [span for span in self._sink.spans() if span.trace_id == trace_id]

    def names(self, trace_id: str) -> set[str]:
        """Name them."""
        return {span.name for span in self.spans(trace_id)}


def assert_whole(spans: list[ReceivedSpan]) -> ReceivedSpan:
    """Check that every span's parent is there and lasts at least as long; return the first."""
    (root,) = [span for span in spans if span.kind == SERVER]
    by_id = {span.span_id: span for span in spans}
    assert len(by_id) == len(spans)
    for span in spans:
        if span is not root:
            parent = by_id[span.parent_id]
            assert parent.started <= span.started <= span.ended <= parent.ended
    return root


def exemplars(server: Server, web: httpx.Client) -> set[str]:
    """Return the traces that the histograms point to."""
    headers = {"Accept": "application/openmetrics-text; version=1.0.0"}
    text = web.get(server.metrics[0], headers=headers).text
    return {
        sample.exemplar.labels["trace_id"]
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.exemplar
    }


def wait_for_all(server: Server, wait_until: WaitUntil) -> None:
    """Return once no span waits any more, and check that none is unaccounted for."""
    wait_until(lambda: server.total(SPANS_QUEUED.name) == 0, "an empty queue")
    started = server.total(SPANS_STARTED.name)
    assert started > 0
    # What the test itself asks for between two scrapes is nothing that is traced.
    assert started == server.total(SPANS_EXPORTED.name) + server.total(SPANS_DROPPED.name)


@pytest.mark.usefixtures("settings")
def test_a_request_is_one_span_with_all_that_it_has_waited_for(
    serving: Serving,
    with_storage: Settings,
    picture: Callable[[], bytes],
    collector: Sink,
    web: httpx.Client,
    wait_until: WaitUntil,
) -> None:
    variables = {
        "PET_OTLP_ENDPOINT": collector.url,
        "PET_TRACE_RATIO": "0",
        "PET_STORAGE_ENDPOINT": str(with_storage.storage_endpoint),
        "PET_STORAGE_BUCKET": with_storage.storage_bucket,
    }
    with serving(workers=1, **variables) as server, server.log_in() as client:
        caller = Caller(client, collector)
        email = client.get("/api/users/me").json()["email"]
        log_in = caller.ask(
            "POST", "/api/auth/login", 200, json={"email": email, "password": PASSWORD}
        )
        change = caller.ask("PATCH", "/api/users/me", 200, json={"display_name": NAME})
        deck = caller.ask("GET", f"/api/deck?token={QUERY}", 200)
        export = caller.ask("GET", "/api/users/me/export", 200)
        avatar = caller.ask("PUT", "/api/users/me/avatar", 200, files={"file": picture()})
        refused = caller.ask("GET", f"/api/pets?breed={QUERY}&limit=no", 422)
        nowhere = caller.ask("GET", f"/api/{NAME}", 404)
        wait_until(
            lambda: sum(span.kind == SERVER for span in collector.spans()) == len(caller.traces),
            "one span for each request",
        )
        wait_for_all(server, wait_until)
        found = exemplars(server, web)
        # Every statement and command has a name.
        assert server.total(OVERFLOWS.name) == 0
    for trace_id, status in caller.traces.items():
        root = assert_whole(caller.spans(trace_id))
        assert (root.parent_id, root.state) == (PARENT, STATE)
        assert root.attributes["http.response.status_code"] == status
        assert root.resource["service.name"] == "petswipe-api"
    assert {SPAN_HASH, "SELECT users", SPAN_COMMIT, "EVALSHA"} <= caller.names(log_in)
    assert {"UPDATE users"} <= caller.names(change)
    assert {"EVALSHA", "HGETALL", SPAN_DECK_BUILD, "SELECT pets"} <= caller.names(deck)
    assert {SPAN_STORAGE, SPAN_PICTURE, SPAN_COMMIT} <= caller.names(avatar)
    kinds = Counter(span.kind for span in caller.spans(export))
    assert kinds[SERVER] == 1
    assert kinds[CLIENT] > 1
    assert caller.names(refused) == {"GET /api/pets", "EVALSHA"}
    assert caller.names(nowhere) == {"_OTHER _unmatched", "EVALSHA"}
    # Whoever samples decides for everybody, so those without a parent are not kept.
    assert found
    assert found <= set(caller.traces)
    told = repr(collector.spans())
    assert [secret for secret in (*SECRETS, email) if secret in told] == []


async def ask_ten_thousand(server: Server) -> Counter[str]:
    """Send one request in 33 to fail, as fast as one connection at a time takes them.

    In turn, so that the seeded service draws the same trace ids each time.
    """
    statuses: Counter[str] = Counter()
    paths = ["/early" if not n % FAIL_EVERY else "/ok/a" for n in range(1, REQUESTS + 1)]
    block: list[str] = []
    for path in paths:
        block.append(path)
        # After an error the server closes the connection.
        if path == "/early" or len(block) == BLOCK:
            async with connect(server.url) as wire:
                wire.send(*(request("GET", path) for path in block))
                statuses.update([await wire.answer() for _ in block])
            block = []
    async with connect(server.url) as wire:
        wire.send(*(request("GET", path) for path in block))
        statuses.update([await wire.answer() for _ in block])
    return statuses


async def test_failed_and_slow_traces_are_kept_whole_and_a_tenth_of_the_others(
    small: Small, collector: Sink, web: httpx.Client, wait_until: WaitUntil
) -> None:
    variables = {"PET_OTLP_ENDPOINT": collector.url, "PET_TRACE_RATIO": str(RATIO)}
    with small(**variables) as server:
        async with asyncio.timeout(PATIENCE_SECONDS):
            statuses = await ask_ten_thousand(server)
            async with connect(server.url) as wire:
                wire.send(request("GET", "/slow"))
                assert await wire.answer() == "200"
        wait_for_all(server, wait_until)
        exported = int(server.total(SPANS_EXPORTED.name))
        dropped = {reason: server.total(SPANS_DROPPED.name, reason=reason) for reason in SPAN_DROPS}
        found = exemplars(server, web)
    failed = REQUESTS // FAIL_EVERY
    assert statuses == {"200": REQUESTS - failed, "500": failed}
    traces: defaultdict[str, list[ReceivedSpan]] = defaultdict(list)
    for span in collector.wait_for(exported):
        traces[span.trace_id].append(span)
    roots = {trace_id: assert_whole(spans) for trace_id, spans in traces.items()}
    names = Counter(root.name for root in roots.values())
    assert names["GET /early"] == failed
    assert names["GET /slow"] == 1
    share = names["GET /ok/{name}"] / (REQUESTS - failed)
    assert abs(share - RATIO) <= 0.01
    sizes = {root.name: set[int]() for root in roots.values()}
    for trace_id, root in roots.items():
        sizes[root.name].add(len(traces[trace_id]))
        assert (root.status == ERROR) == (root.name == "GET /early")
    assert sizes == {"GET /early": {3}, "GET /ok/{name}": {3}, "GET /slow": {2}}
    # Nothing is lost but what nobody wanted.
    lost = 3 * (REQUESTS - failed - names["GET /ok/{name}"])
    assert dropped == {**dict.fromkeys(SPAN_DROPS, 0), "unsampled": lost}
    assert found
    assert found <= set(roots)
