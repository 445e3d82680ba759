"""What strangers send adds no series, whatever it is."""

from __future__ import annotations

import asyncio
import random
import re
import string
from typing import TYPE_CHECKING
from urllib.parse import quote
from uuid import UUID

import pytest

from app.telemetry.catalog import (
    CROWDED,
    DB_ERROR,
    DB_OPERATIONS,
    DECK_READ,
    ERROR_TYPE,
    FAILURES,
    HEALTH_LIVE,
    HEALTH_READY,
    HTTP_DURATION,
    HTTP_FAILURES,
    OTHER_METHOD,
    OVERFLOWS,
    PROMISED,
    ROUTES,
    SERIES_BUDGET,
    SWIPE_CREATE,
)
from app.telemetry.instruments import ApiInstruments
from app.telemetry.model import OVERFLOW
from tests.app.conftest import PATIENCE_SECONDS
from tests.app.telemetry.wire import connect, request

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.telemetry.model import Route
    from tests.app.conftest import Server, Serving, WaitUntil

    # What is sent as one request: its method and its bytes.
    Sent = tuple[str, bytes]
    Shot = Callable[[], Sent]

pytestmark = pytest.mark.anyio

COUNT = f"{HTTP_DURATION.name}_count"
REQUESTS = 10_000
AT_ONCE = 16
BLOCK = 20
MOST_NEW = 20
METHODS = (
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "MKCOL",
    "PURGE", "SEARCH", "REPORT", "SUBSCRIBE",
)  # fmt: skip
WITH_IDS = tuple(route for route in ROUTES if "{" in route.template)
PARAMETER = re.compile(r"\{\w+\}")
# Everything that may stand in a header's value.
PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F))
DRAW = random.Random(7)  # noqa: S311  # the same attack each time


def text(letters: str, most: int) -> str:
    """Draw some text, of one letter at least."""
    return "".join(DRAW.choices(letters, k=DRAW.randint(1, most)))


def any_id() -> str:
    return str(UUID(int=DRAW.getrandbits(128)))


def no_id() -> str:
    return quote(text(string.printable + "äöü\0🐶", 30), safe="")


def any_path() -> str:
    return "".join(f"/{text(string.ascii_letters + string.digits + '%.~-;:@', 12)}" for _ in "123")


def headers() -> list[str]:
    """Draw values for every header that somebody may look at."""
    made = {
        "Host": text(string.ascii_letters + ".:", 30),
        "X-Request-ID": text(string.ascii_letters + string.digits, 80),
        "traceparent": f"00-{DRAW.getrandbits(128):032x}-{DRAW.getrandbits(64):016x}-01",
        "tracestate": f"{text(string.ascii_lowercase, 9)}={text(PRINTABLE, 40)}",
        "Cookie": f"access_token={text(string.ascii_letters, 40)}; {text(PRINTABLE, 40)}",
        "Authorization": f"Bearer {text(string.ascii_letters + '._-', 80)}",
        "User-Agent": text(PRINTABLE, 80),
        "X-Forwarded-For": text(string.digits + ".,:", 40),
        "Accept": text(PRINTABLE, 20),
        text(string.ascii_letters + "-", 20): text(PRINTABLE, 80),
    }
    return [f"{name}: {value}" for name, value in made.items() if DRAW.random() < 0.6]


def of(method: str, path: str, *lines: str) -> Sent:
    return method, request(method, path, *lines, *headers())


def with_id(route: Route, draw: Callable[[], str], *lines: str) -> Shot:
    """Ask an operation for a thing that nobody has."""

    def shoot() -> Sent:
        path = PARAMETER.sub(lambda _: draw().replace("\\", ""), route.template)
        return route.method, request(route.method, path, *lines)

    return shoot


SHOTS: tuple[Shot, ...] = (
    lambda: of(DRAW.choice(METHODS), any_path()),
    lambda: of("PROPFIND", DECK_READ.template),
    lambda: of("GET", f"{DECK_READ.template}?{no_id()}={no_id()}"),
    lambda: of("GET", f"{DECK_READ.template}/"),
    lambda: of("GET", HEALTH_LIVE.template),
    lambda: of("OPTIONS", any_path(), "Access-Control-Request-Method: PUT", f"Origin: {no_id()}"),
    *(with_id(route, draw) for route in WITH_IDS for draw in (any_id, no_id)),
)
# After these the server closes the connection.
LAST_SHOTS: tuple[Shot, ...] = (
    lambda: ("GET", f"{text(string.ascii_uppercase, 9)}Z {any_path()} HTTP/1.1\r\n\r\n".encode()),
    lambda: ("GET", DRAW.randbytes(40) + b"\r\n\r\n"),
    lambda: ("POST", request("POST", any_path(), f"Content-Length: {text(PRINTABLE[33:], 9)}")),
    lambda: of("POST", SWIPE_CREATE.template, f"Content-Length: {DRAW.randrange(10**6, 10**9)}"),
    lambda: of("GET", any_path(), "Connection: Upgrade", "Upgrade: websocket"),
)


async def fire(server: Server, volleys: list[list[Sent]]) -> None:
    """Send each volley on a connection of its own; every request has its answer."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def send(volley: list[Sent]) -> None:
        async with gate, connect(server.url) as wire:
            wire.send(*(content for _, content in volley))
            for method, content in volley:
                assert await wire.answer(method), content

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(send(volley) for volley in volleys))


def series(server: Server) -> set[tuple[str, ...]]:
    """Name every series."""
    return {
        (sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items())))
        for sample in server.scrape()
    }


async def test_ten_thousand_requests_of_a_stranger_add_at_most_twenty_series(
    serving: Serving, key_token: str, wait_until: WaitUntil
) -> None:
    known = f"Authorization: Bearer {key_token}"
    reads = [route for route in WITH_IDS if route.method == "GET"]
    shots = [*SHOTS, *(with_id(route, draw, known) for route in reads for draw in (any_id, no_id))]
    with serving() as server:
        await fire(server, [[shot()] for shot in (*shots, *LAST_SHOTS)])
        sent = server.total(COUNT)
        before = series(server)
        volleys = [[DRAW.choice(LAST_SHOTS)()] for _ in range(REQUESTS // 10)]
        left = (REQUESTS - len(volleys)) // BLOCK
        volleys += [[shot() for shot in DRAW.choices(shots, k=BLOCK)] for _ in range(left)]
        DRAW.shuffle(volleys)
        await fire(server, volleys)
        # The probes of the fixture are among them.
        wait_until(lambda: server.total(COUNT) >= sent + REQUESTS, "the count of every request")
        new = series(server) - before
        assert len(new) <= MOST_NEW, sorted(new)[:MOST_NEW]
        # Not because there was no room for more.
        assert server.total(OVERFLOWS.name) == 0
        assert len(series(server)) + 2 * MOST_NEW < SERIES_BUDGET


KINDS = [
    *((status, "") for status in (200, 201, 204, 400, 401, 403, 404, 405, 409, 413, 415, 422, 429)),
    *((500, "exception"), (500, "cancelled"), (503, "error"), (503, "timeout")),
    *((0, "client_disconnected"), (200, "client_disconnected"), (200, "exception")),
    *((200, "timeout"), (400, "malformed"), (200, "malformed"), (0, "exception")),
]


@pytest.mark.parametrize("promises_first", [True, False])
def test_whatever_happens_a_process_stays_within_its_budget(promises_first: bool) -> None:
    instruments = ApiInstruments("1.0", "abc")
    asked = sorted(ROUTES, key=lambda route: (route in PROMISED) is not promises_first)
    for route in asked:
        for status, error in KINDS:
            instruments.http.observe(route.method, route.template, status, error, 0.1)
    for system, operations in DB_OPERATIONS.items():
        for operation in (*operations, "unknown"):
            for error in DB_ERROR.values:
                instruments.databases.observe(system, operation, error, 0.1)
    assert sum(len(family.samples) for family in instruments.registry.collect()) <= SERIES_BUDGET


def test_past_the_budget_a_request_keeps_its_kind_of_error_and_a_promise_its_operation() -> None:
    instruments = ApiInstruments("1.0", "abc")
    read = instruments.registry.get_sample_value
    room = instruments.http.room()
    for number in range(room + 5):
        instruments.http.observe("GET", DECK_READ.template, 600 + number, "", 0.1)
    for error in ERROR_TYPE.values:
        instruments.http.observe("GET", "/api/matches", 418, error, 0.1)
        instruments.http.observe("GET", DECK_READ.template, 418, error, 0.1)
    # The same path, which promises nothing with this method.
    instruments.http.observe("PUT", DECK_READ.template, 418, "", 0.1)
    # What has been seen before goes on as before.
    instruments.http.observe("GET", DECK_READ.template, 600, "", 0.1)
    names = HTTP_DURATION.label_names

    def count(*labels: str) -> float | None:
        return read(COUNT, dict(zip(names, labels, strict=True)))

    assert count("GET", DECK_READ.template, "600", "") == 2
    for error in ERROR_TYPE.values:
        once = 0 if error else 1
        assert count("GET", DECK_READ.template, OVERFLOW, error) == 1 + 5 * once
        assert count(OTHER_METHOD, OVERFLOW, OVERFLOW, error) == 1 + once
    crowded = read(OVERFLOWS.name, {"reason": CROWDED})
    assert crowded == 5 + 2 * len(ERROR_TYPE.values) + 1


def test_failures_are_counted_from_the_first_and_those_of_probes_are_not() -> None:
    instruments = ApiInstruments("1.0", "abc")
    read = instruments.registry.get_sample_value
    counted = {error: read(HTTP_FAILURES.name, {"error_type": error}) for error in FAILURES}
    assert counted == dict.fromkeys(FAILURES, 0), "each is there before anything fails"
    for route in (DECK_READ.template, HEALTH_READY.template):
        for error in ERROR_TYPE.values:
            instruments.http.observe("GET", route, 503, error, 0.1)
    counted = {error: read(HTTP_FAILURES.name, {"error_type": error}) for error in FAILURES}
    assert counted == dict.fromkeys(FAILURES, 1)
