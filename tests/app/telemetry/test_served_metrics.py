"""What a scrape of the real server shows."""

from __future__ import annotations

import http.client
import json
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest

from app.telemetry.catalog import (
    BUILD_INFO,
    CACHE_REQUESTS,
    CACHES,
    FAULTS,
    HTTP_ACTIVE,
    HTTP_DURATION,
    LOG_INS,
    LOG_LINES,
    LOOP_LAG,
    MATCHES,
    METHOD,
    OBJECTIVES,
    OTHER_METHOD,
    PROMISED,
    ROUTES,
    SIGN_UPS,
    SLO_OBJECTIVE,
    SWIPE_REPEATS,
    SWIPES,
    UNMATCHED,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from tests.app.conftest import Server, Serving, WaitUntil

COUNT = f"{HTTP_DURATION.name}_count"
BY_FIXTURES = ("/health", "/api/auth")
Key = tuple[str, str, int]


@pytest.fixture(scope="module")
def server(serving: Serving) -> Iterator[Server]:
    with serving() as server:
        yield server


def counted(server: Server) -> Counter[Key]:
    """Return how many requests every method, route and status has had.

    What the fixtures ask for is left out: a request is counted once its answer is sent, so it may
    not be counted yet when a test begins.
    """
    counts: Counter[Key] = Counter()
    for sample in server.scrape():
        labels = sample.labels
        if sample.name == COUNT and not labels["http_route"].startswith(BY_FIXTURES):
            status = int(labels["http_response_status_code"])
            counts[labels["http_request_method"], labels["http_route"], status] += int(sample.value)
    return +counts


def send(server: Server, method: str, path: str, token: str = "", body: object = None) -> int:
    """Send a request on a connection of its own and return the status."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    headers = {"Authorization": token, "Content-Type": "application/json"}
    try:
        connection.request(method, path, json.dumps(body) if body else None, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_every_series_that_can_be_foreseen_is_zero_at_the_first_scrape(server: Server) -> None:
    (first,) = server.first
    refused = (OTHER_METHOD, UNMATCHED)
    expected = {
        *((COUNT, r.method, r.template, str(status), "") for r in ROUTES for status in r.success),
        *((COUNT, r.method, r.template, "500", "exception") for r in PROMISED),
        *((COUNT, r.method, r.template, "503", "error") for r in PROMISED),
        *((COUNT, *refused, str(status), "") for status in (400, 401, 404, 405, 413, 429)),
        (COUNT, *refused, "400", "malformed"),
    }
    shown = {
        (
            sample.name,
            *(sample.labels[label] for label in HTTP_DURATION.label_names),
        )
        for sample in first
        if sample.name == COUNT
    }
    assert shown == expected
    plain = {sample.name for sample in first if not sample.labels}
    assert {SIGN_UPS.name, MATCHES.name} <= plain
    for metric in (LOG_INS, SWIPES, SWIPE_REPEATS, FAULTS, HTTP_ACTIVE):
        (label,) = metric.labels
        values = [sample.labels[label.name] for sample in first if sample.name == metric.name]
        assert sorted(values) == sorted(label.values)
    results = {
        (sample.labels["cache"], sample.labels["result"])
        for sample in first
        if sample.name == CACHE_REQUESTS.name
    }
    assert results == {(cache, r) for cache in CACHES for r in ("error", "hit", "miss")}
    ours = [s for s in first if s.name.startswith(("http_server_", "petswipe_"))]
    constant = (BUILD_INFO.name, SLO_OBJECTIVE.name)
    moving = (LOOP_LAG.name, LOG_LINES.name)
    assert {s.value for s in ours if not s.name.startswith((*constant, *moving))} == {0}
    promised = {s.labels["slo"]: s.value for s in first if s.name == SLO_OBJECTIVE.name}
    assert promised == {slo: float(objective) for slo, objective in OBJECTIVES.items()}


def test_the_metrics_are_on_a_port_of_their_own(server: Server, web: httpx.Client) -> None:
    assert web.get(f"{server.url}/metrics").status_code == 404


@pytest.mark.usefixtures("settings")
def test_a_request_is_counted_by_the_template_of_its_route(
    server: Server, wait_until: WaitUntil
) -> None:
    with server.log_in() as client:
        before = counted(server)
        pet = uuid4()
        assert client.get("/api/pets").status_code == 200
        assert client.get("/api/pets?limit=5&pet_type=dog").status_code == 200
        assert client.get(f"/api/pets/{pet}").status_code == 404
        assert client.get("/api/pets/rex").status_code == 422
        assert client.get("/api/deck", headers={"authorization": ""}).status_code == 401
        assert client.delete("/api/deck").status_code == 405
        for path in ("/openapi.json", "/docs", "/api/info"):
            assert client.get(path).status_code == 200
    expected = {
        ("GET", "/api/pets", 200): 2,
        ("GET", "/api/pets/{pet_id}", 404): 1,
        ("GET", "/api/pets/{pet_id}", 422): 1,
        ("GET", "/api/deck", 401): 1,
        (OTHER_METHOD, UNMATCHED, 405): 1,
        ("GET", "/openapi.json", 200): 1,
        ("GET", "/docs", 200): 1,
        ("GET", "/api/info", 200): 1,
    }
    wait_until(lambda: counted(server) - before == expected, "the counts of the requests")


@pytest.mark.parametrize(
    "path", ["/", "/api", "/api/dragons", "/api/pets/1/2", "/..%2f..%2fetc/passwd", "/%00"]
)
def test_an_unknown_path_has_one_label_whatever_it_is(
    server: Server, wait_until: WaitUntil, path: str
) -> None:
    before = counted(server)
    assert send(server, "GET", path) == 404
    expected = {(OTHER_METHOD, UNMATCHED, 404): 1}
    wait_until(lambda: counted(server) - before == expected, "the count of the request")


def test_an_unknown_method_has_one_label_whatever_it_is(
    server: Server, wait_until: WaitUntil
) -> None:
    before = counted(server)
    assert send(server, "PROPFIND", "/api/pets") == 405
    assert send(server, "PURGE", "/api/dragons") == 404
    expected = {(OTHER_METHOD, UNMATCHED, 405): 1, (OTHER_METHOD, UNMATCHED, 404): 1}
    wait_until(lambda: counted(server) - before == expected, "the counts of the requests")
    # What is no method at all never gets as far as the application, and is counted all the same.
    assert send(server, "BREW", "/api/pets") == 400
    expected[OTHER_METHOD, UNMATCHED, 400] = 1
    wait_until(lambda: counted(server) - before == expected, "the counts of the requests")


def test_a_failure_is_counted_once_as_a_server_error(
    serving: Serving,
    web: httpx.Client,
    empty_database: str,
    key_token: str,
    wait_until: WaitUntil,
) -> None:
    with serving(PET_DATABASE_URL=empty_database) as server:
        # No table is there, which nobody foresees.
        headers = {"Authorization": f"Bearer {key_token}"}
        assert web.get(f"{server.url}/api/matches", headers=headers).status_code == 500
        expected = {("GET", "/api/matches", 500): 1}
        wait_until(lambda: counted(server) == expected, "the count of the request")
        where = {"http_route": "/api/matches", "http_response_status_code": "500"}
        assert server.total(COUNT, **where, error_type="exception") == 1
        assert server.total(COUNT, **where, error_type="") == 0


def test_a_connection_outlives_a_failure_that_is_logged_once(
    serving: Serving, empty_database: str, key_token: str, wait_until: WaitUntil
) -> None:
    with serving(PET_DATABASE_URL=empty_database) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
        sockets = set()
        for _ in range(3):
            connection.request("GET", "/api/matches", headers={"Authorization": key_token})
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (401, True)
            bearer = {"Authorization": f"Bearer {key_token}"}
            connection.request("GET", "/api/matches", headers=bearer)
            sockets.add(connection.sock.getsockname())
            answer = connection.getresponse()
            assert (answer.status, bool(answer.read())) == (500, True)
        connection.close()
        wait_until(lambda: server.said().count('"event":"error"') == 3, "the failures in the log")
        assert len(sockets) == 1
        assert "Exception in ASGI application" not in server.said()


@pytest.mark.usefixtures("settings")
def test_three_hundred_mixed_requests_to_two_workers_are_counted_exactly(
    serving: Serving, wait_until: WaitUntil
) -> None:
    draw = random.Random(7)  # noqa: S311  # the same mix each time
    with serving(workers=2) as server, server.log_in() as client:
        before = counted(server)
        token = client.headers["authorization"]
        kinds: list[tuple[str, str, str, str, object]] = [
            ("GET", "/api/deck", "/api/deck", token, None),
            ("GET", "/api/pets", "/api/pets?limit=3", token, None),
            ("GET", "/api/pets/{pet_id}", f"/api/pets/{uuid4()}", token, None),
            ("GET", "/api/pets/{pet_id}", "/api/pets/rex", token, None),
            ("GET", "/api/swipes", "/api/swipes", token, None),
            ("GET", "/api/matches", "/api/matches", "", None),
            ("POST", "/api/swipes", "/api/swipes", token, {"pet_id": str(uuid4()), "liked": True}),
            ("POST", "/api/swipes", "/api/swipes", token, {"liked": "maybe"}),
            ("PUT", UNMATCHED, "/api/swipes", token, None),
            ("GET", UNMATCHED, "/api/dragons", "", None),
            ("GET", "/api/info", "/api/info", "", None),
        ]

        def ask(kind: tuple[str, str, str, str, object]) -> Key:
            method, template, path, sent, body = kind
            counted_as = OTHER_METHOD if template == UNMATCHED else method
            return counted_as, template, send(server, method, path, sent, body)

        with ThreadPoolExecutor(8) as callers:
            tally = Counter(callers.map(ask, draw.choices(kinds, k=300)))
        assert tally.total() == 300
        wait_until(lambda: counted(server) - before == tally, f"the tally {tally}")
        buckets = server.total(f"{HTTP_DURATION.name}_bucket", le="+Inf")
        assert buckets == server.total(COUNT)
        assert {
            method: server.total(HTTP_ACTIVE.name, http_request_method=method)
            for method in METHOD.values
        } == dict.fromkeys(METHOD.values, 0)


def test_metrics_have_the_address_that_spring_gives_them_and_no_public_one(
    server: Server, web: httpx.Client
) -> None:
    (metrics,) = server.metrics
    management = metrics.removesuffix("/metrics")
    assert "petswipe_build_info{" in web.get(f"{management}/actuator/prometheus").text
    for path in ("/metrics", "/actuator/prometheus"):
        assert web.get(f"{server.url}{path}").status_code == 404
