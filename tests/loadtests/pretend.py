"""A server that speaks just enough of the API for the gate, and stalls, limps or lies when told."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httptools

from app.telemetry.catalog import OPENAPI
from tests.loadtests.pretend_metrics import exposition
from tests.loadtests.servers import document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CARDS = [{"id": f"{n:08d}-0000-4000-8000-000000000000"} for n in range(20)]
ANSWERS = {
    b"/api/auth/login": (200, {"access_token": "t" * 600}),
    b"/api/deck": (200, {"items": CARDS}),
    b"/api/swipes": (201, {"id": "s", "match_id": None}),
    b"/api/matches": (200, {"items": []}),
}
LOG_IN = b"/api/auth/login"
METRICS = b"/metrics"


class Pretended:
    """Counts what it was asked and answers it; times in seconds."""

    def __init__(self) -> None:
        self.port = 0
        # By path, whatever was answered.
        self.asked: Counter[bytes] = Counter()
        # By path, what stands there in place of what it is asked.
        self.pages: dict[bytes, bytes] = {}
        self.headers: list[dict[bytes, bytes]] = []
        # So long after the first swipe or deck everything stands still for so long, once.
        self.stall_after = self.stall_for = 0.0
        # How long each answer keeps the whole server busy.
        self.busy = 0.0
        # Paths to which there is never an answer.
        self.silent: set[bytes] = set()
        # By path, what to answer instead.
        self.statuses: dict[bytes, int] = {}
        self.stall_at = 0.0
        self.open: set[asyncio.Transport] = set()
        # Closes it before its block ends.
        self.end: Callable[[], None]
        self.restart()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def loaded(self) -> int:
        """Count what was asked since everybody is prepared."""
        return (
            sum(count for path, count in self.asked.items() if path in ANSWERS)
            - (self.asked[LOG_IN])
        )

    def restart(self) -> None:
        """Forget what was counted, as another process in its place would."""
        self.counted: Counter[tuple[str, int]] = Counter()
        self.started = time.time()

    def answer(self, path: bytes) -> bytes:
        self.asked[path] += 1
        if path in ANSWERS and path != LOG_IN:
            self._stand_still()
        status, body = self._found(path)
        status = self.statuses.get(path, status)
        if path in ANSWERS:
            self.counted[path.decode(), status] += 1
        head = f"HTTP/1.1 {status} X\r\ncontent-type: text/plain\r\ncontent-length: {len(body)}"
        return f"{head}\r\n\r\n".encode() + body

    def _found(self, path: bytes) -> tuple[int, bytes]:
        if path in self.pages:
            return 200, self.pages[path]
        if path == OPENAPI.template.encode():
            return 200, document()
        if path == METRICS:
            return 200, exposition(self.counted, self.started)
        status, answer = ANSWERS.get(path, (404, {}))
        return status, json.dumps(answer).encode()

    def _stand_still(self) -> None:
        # The whole event loop, as a service that hangs does.
        time.sleep(self.busy)
        self.stall_at = self.stall_at or time.monotonic() + self.stall_after
        if self.stall_for and time.monotonic() >= self.stall_at:
            time.sleep(self.stall_for)
            self.stall_for = 0.0


class _Protocol(asyncio.Protocol):
    def __init__(self, server: Pretended) -> None:
        self._server = server
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._headers: dict[bytes, bytes] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._server.open.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._server.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path, self._headers = url.partition(b"?")[0], {}

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_message_complete(self) -> None:
        self._server.headers.append(self._headers)
        if self._path not in self._server.silent:
            self._transport.write(self._server.answer(self._path))


@contextmanager
def pretending() -> Iterator[Pretended]:
    server, ready, ended = Pretended(), threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        listening = await loop.create_server(lambda: _Protocol(server), "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        ready.set()
        await ended.wait()
        listening.close()
        for transport in server.open:
            transport.abort()
        await asyncio.sleep(0)

    def end() -> None:
        loop.call_soon_threadsafe(ended.set)

    server.end = end
    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield server
    finally:
        end()
        thread.join()
        loop.close()
