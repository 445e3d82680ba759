"""What a client has counted is what the histogram has counted, however the requests end."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import (
    CANCELLED,
    DISCONNECTED,
    EXCEPTION,
    HTTP_ACTIVE,
    HTTP_DURATION,
    MALFORMED,
    OTHER_METHOD,
    TIMEOUT,
    UNMATCHED,
)
from app.telemetry.events import REQUEST
from tests.app.conftest import PATIENCE_SECONDS
from tests.app.telemetry.small_service import ITEM
from tests.app.telemetry.wire import connect, request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.app.conftest import Server, WaitUntil
    from tests.app.telemetry.conftest import Small

    Ending = Callable[["Client"], Awaitable[None]]

pytestmark = pytest.mark.anyio

COUNT = f"{HTTP_DURATION.name}_count"
REQUESTS = 5_000
AT_ONCE = 64
BLOCK = 10
# What the client has not waited for.
ABANDONED = "abandoned"
NOWHERE = (OTHER_METHOD, UNMATCHED)
Operation = tuple[str, str]
CHUNKED = "Transfer-Encoding: chunked"
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")

# What is asked many times on one connection: the request, and what it is counted under.
PLAIN: tuple[tuple[str, str, Operation], ...] = (
    ("GET", "/ok/a", ("GET", "/ok/{name}")),
    ("GET", "/ok/b?token=secret", ("GET", "/ok/{name}")),
    ("GET", "/outer/inner/items/7", ("GET", ITEM)),
    ("PUT", "/outer/inner/items/8", ("PUT", ITEM)),
    ("GET", "/mounted/things/3", ("GET", "/mounted/things/{name}")),
    ("GET", "/stream", ("GET", "/stream")),
    ("GET", "/redirect", ("GET", "/redirect")),
    ("GET", "/folder/", ("GET", "/folder/")),
    # Redirected to the path with a slash.
    ("GET", "/folder", NOWHERE),
    ("GET", "/nowhere", NOWHERE),
    ("GET", "/nowhere/8c2a", NOWHERE),
    ("GET", "/mounted/ok/4", NOWHERE),
    ("GET", "/mounted/nothing", NOWHERE),
    ("DELETE", "/outer/inner/items/9", NOWHERE),
    ("POST", "/ok/c", NOWHERE),
    ("HEAD", "/ok/d", NOWHERE),
    ("OPTIONS", "/ok/e", NOWHERE),
    ("PROPFIND", "/ok/f", NOWHERE),
)


@dataclass(slots=True)
class Client:
    """Asks, and counts what it is answered."""

    url: str
    tally: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def note(self, operation: Operation, status: str) -> None:
        """Count one request."""
        self.tally[*operation, status] += 1

    async def ask_in_turn(self, plan: list[tuple[str, str, Operation]]) -> None:
        """Send each request after the answer to the one before."""
        async with connect(self.url) as wire:
            for method, path, operation in plan:
                wire.send(request(method, path))
                self.note(operation, await wire.answer(method))

    async def ask_at_once(self, plan: list[tuple[str, str, Operation]]) -> None:
        """Send all requests before the first answer."""
        async with connect(self.url) as wire:
            wire.send(*(request(method, path) for method, path, _ in plan))
            for method, _, operation in plan:
                self.note(operation, await wire.answer(method))

    async def ask(self, operation: Operation, *parts: bytes) -> None:
        """Send bytes on a connection of their own, and read one answer."""
        async with connect(self.url) as wire:
            wire.send(*parts)
            self.note(operation, await wire.answer())

    async def abandon(self, operation: Operation, *parts: bytes) -> None:
        """Send bytes and go."""
        async with connect(self.url) as wire:
            wire.send(*parts)
            self.note(operation, ABANDONED)


def get(path: str, operation: str = "") -> Ending:
    """Ask for a path that has its own way to end."""
    return lambda client: client.ask(("GET", operation or path), request("GET", path))


def in_a_row(plan: list[tuple[str, str, Operation]], *, at_once: bool) -> Ending:
    """Ask for much on one connection."""
    return lambda client: (client.ask_at_once if at_once else client.ask_in_turn)(plan)


def garbage(content: bytes) -> Ending:
    """Send what is no request at all."""
    return lambda client: client.ask(NOWHERE, content)


async def leave_in_the_middle_of_an_answer(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/endless"))
        await wire.reader.readuntil(b"two")
        client.note(("GET", "/endless"), ABANDONED)


async def leave_in_the_middle_of_a_body(client: Client) -> None:
    await client.abandon(("POST", "/echo"), request("POST", "/echo", "Content-Length: 9"), b"half")


async def leave_before_the_end_of_the_headers(client: Client) -> None:
    # Nobody could say what it asks for, so it is no request.
    async with connect(client.url) as wire:
        wire.send(request("GET", "/ok/a")[:-2])


async def leave_others_behind(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(*(request("GET", path) for path in ("/ok/a", "/hang", "/ok/b")))
        client.note(("GET", "/ok/{name}"), await wire.answer())
        # The last one is never begun.
        client.note(("GET", "/hang"), ABANDONED)


async def say_that_no_more_will_come(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/ok/a"))
        wire.writer.write_eof()
        client.note(("GET", "/ok/{name}"), await wire.answer() or ABANDONED)


async def break_off_a_body(client: Client) -> None:
    broken = request("POST", "/echo", CHUNKED), b"3\r\nabc\r\n", b"no size\r\n"
    await client.ask(("POST", "/echo"), *broken)


async def break_off_a_body_after_the_answer(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/ok/a", CHUNKED), b"3\r\nabc\r\n")
        client.note(("GET", "/ok/{name}"), await wire.answer())
        wire.send(b"no size\r\n")
        assert await wire.ended()


async def break_off_a_body_in_the_middle_of_the_answer(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/endless", CHUNKED), b"3\r\nabc\r\n")
        await wire.reader.readuntil(b"two")
        wire.send(b"no size\r\n")
        client.note(("GET", "/endless"), "200")
        # Nothing but pieces of the answer comes after it.
        assert b"HTTP" not in await wire.reader.read()


async def send_garbage_behind_a_request(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/slow"), b"no request\r\n\r\n")
        client.note(NOWHERE, await wire.answer())
        client.note(("GET", "/slow"), ABANDONED)
        assert await wire.ended()


async def send_too_much(client: Client) -> None:
    await client.ask(("POST", "/echo"), request("POST", "/echo", body=b"x" * 70_000))


async def wait_to_send(client: Client) -> None:
    await client.ask(("POST", "/echo"), request("POST", "/echo", "Expect: 100-continue", body=b"x"))


async def ask_for_a_websocket(client: Client) -> None:
    async with connect(client.url) as wire:
        # What follows would be no HTTP any more, whatever it looks like.
        wire.send(request("GET", "/ok/a", *UPGRADE), request("GET", "/ok/b"))
        wire.send(request("GET", "/ok/c"))
        client.note(("GET", "/ok/{name}"), await wire.answer())
        assert await wire.ended()


async def ask_for_a_websocket_with_a_body(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("POST", "/echo", "Content-Length: 3", *UPGRADE))
        await asyncio.sleep(0)
        wire.send(b"abc")
        client.note(("POST", "/echo"), await wire.answer())
        assert await wire.ended()


async def speak_something_else_after_an_upgrade(client: Client) -> None:
    async with connect(client.url) as wire:
        wire.send(request("GET", "/endless", *UPGRADE))
        await wire.reader.readuntil(b"two")
        wire.send(b"no request\r\n\r\n")
        # It is neither answered nor an end to the answer.
        for _ in range(3):
            await wire.reader.readuntil(b"more")
        client.note(("GET", "/endless"), ABANDONED)


# What has a connection of its own, and how often.
ENDINGS: dict[Ending, int] = {
    # After an error the server closes the connection, if only in the background.
    get("/early"): 160,
    get("/background"): 80,
    get("/late"): 80,
    get("/cancelled"): 40,
    get("/bad-header"): 40,
    get("/too-long"): 40,
    get("/too-short"): 40,
    get("/raw/silent", "/raw/{way}"): 40,
    get("/raw/half", "/raw/{way}"): 40,
    get("/raw/timeout", "/raw/{way}"): 40,
    lambda client: client.abandon(("GET", "/hang"), request("GET", "/hang")): 80,
    lambda client: client.abandon(("GET", "/slow"), request("GET", "/slow")): 80,
    lambda client: client.abandon(("GET", "/ok/{name}"), request("GET", "/ok/a")): 80,
    leave_in_the_middle_of_an_answer: 80,
    leave_in_the_middle_of_a_body: 80,
    leave_before_the_end_of_the_headers: 40,
    leave_others_behind: 40,
    say_that_no_more_will_come: 40,
    garbage(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"): 40,
    garbage(b"BREW /ok/a HTTP/1.1\r\n\r\n"): 40,
    garbage(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"): 40,
    garbage(b"CONNECT small:443 HTTP/1.1\r\nHost: small\r\n\r\n"): 40,
    garbage(b"GET http://small HTTP/1.1\r\nHost: small\r\n\r\n"): 40,
    garbage(request("GET", "/ok/a", "Content-Length: 1x")): 40,
    garbage(request("POST", "/echo", "Content-Length: -1")): 40,
    garbage(request("POST", "/echo", "Content-Length: 1", "Content-Length: 2")): 40,
    garbage(request("POST", "/echo", "no colon")): 40,
    break_off_a_body: 40,
    break_off_a_body_after_the_answer: 40,
    break_off_a_body_in_the_middle_of_the_answer: 40,
    send_garbage_behind_a_request: 40,
    send_too_much: 40,
    wait_to_send: 40,
    ask_for_a_websocket: 40,
    ask_for_a_websocket_with_a_body: 40,
    speak_something_else_after_an_upgrade: 40,
    get("/deadline"): 20,
    get("/late-deadline"): 20,
}
# What went wrong, where only one thing can.
WENT_WRONG = {
    "/early": EXCEPTION,
    "/late": EXCEPTION,
    "/bad-header": EXCEPTION,
    "/too-long": EXCEPTION,
    "/too-short": EXCEPTION,
    "/cancelled": CANCELLED,
    "/deadline": TIMEOUT,
    "/late-deadline": TIMEOUT,
    "/hang": DISCONNECTED,
    "/slow": DISCONNECTED,
    "/stream": "",
    "/background": "",
}


def counted(server: Server) -> Counter[tuple[str, ...]]:
    """Return how often each method, route, status and kind of error was counted."""
    return Counter(
        {
            tuple(sample.labels[name] for name in HTTP_DURATION.label_names): int(sample.value)
            for sample in server.scrape()
            if sample.name == COUNT and sample.value
        }
    )


def logged(server: Server) -> int:
    """Return how many requests have a line."""
    return server.said().count(f'"event":"{REQUEST}"')


async def run_all(jobs: list[Ending], client: Client) -> None:
    """Run so many at once, each on its own connection."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def run(job: Ending) -> None:
        async with gate:
            await job(client)

    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(run(job) for job in jobs))


async def test_five_thousand_mixed_requests_are_counted_exactly(
    small: Small, wait_until: WaitUntil
) -> None:
    draw = random.Random(7)  # noqa: S311  # the same mix each time
    jobs = [ending for ending, times in ENDINGS.items() for _ in range(times)]
    plans = [draw.choices(PLAIN, k=BLOCK) for _ in range((REQUESTS - len(jobs)) // BLOCK)]
    jobs += [in_a_row(plan, at_once=number % 5 == 0) for number, plan in enumerate(plans)]
    draw.shuffle(jobs)
    with small() as server:
        client = Client(server.url)
        await run_all(jobs, client)
        total = client.tally.total()
        assert total >= REQUESTS
        wait_until(lambda: counted(server).total() >= total, f"the count of {total} requests")
        found = counted(server)
        unasked = found[*NOWHERE, "400", MALFORMED]
        wait_until(lambda: logged(server) >= total - unasked, "a line for every request")
        assert logged(server) == total - unasked
        assert {s.value for s in server.scrape() if s.name == HTTP_ACTIVE.name} == {0}
    by_status: Counter[tuple[str, ...]] = Counter()
    for key, times in found.items():
        by_status[key[:3]] += times
    gone = Counter({key[:2]: n for key, n in client.tally.items() if key[2] == ABANDONED})
    answered = Counter({key: n for key, n in client.tally.items() if key[2] != ABANDONED})
    assert answered - by_status == Counter()
    # What is left is what the client has not waited for, whatever became of it.
    rest: Counter[tuple[str, ...]] = Counter()
    for key, times in (by_status - answered).items():
        rest[key[:2]] += times
    assert rest == gone
    errors = {(route, error) for _, route, _, error in found if route in WENT_WRONG}
    assert errors == set(WENT_WRONG.items())
