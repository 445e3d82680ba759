"""The load: a program that sends prepared requests and tells how they were answered.

`python -m loadtests.bench.client` reads a job from standard input and prints an outcome, both JSON.
It costs little, because it shares its core with PostgreSQL: raw bytes on open connections, and a
parser in C for the answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

import httptools

if TYPE_CHECKING:
    from collections.abc import Iterator

# Nobody waits for so long; a server that hangs ends the measurement.
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Job:
    """Requests of one kind to one server: each has a token and a body."""

    host: str
    port: int
    method: str
    path: str
    connections: int
    requests: list[tuple[str, str]]

    def encode(self) -> Iterator[bytes]:
        """Write the requests as they go over the wire."""
        for token, body in self.requests:
            content = body.encode()
            yield (
                f"{self.method} {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(content)}\r\n\r\n"
            ).encode() + content


@dataclass(slots=True)
class Outcome:
    """How the requests of a job were answered."""

    seconds: float = 0.0
    # By status.
    answers: dict[str, int] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Sends a request when the one before it is answered."""

    def __init__(self, waiting: Iterator[bytes], outcome: Outcome) -> None:
        """Take from what waits, and note what comes."""
        self._waiting = waiting
        self._outcome = outcome
        self._began = 0.0
        self._status = 0
        self._parser = httptools.HttpResponseParser(self)
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # of a stream it always is
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; too early when requests still wait, which their number will show."""
        del exc
        if not self.done.done():
            self.done.set_result(None)

    def on_message_complete(self) -> None:
        """Note one answer and ask the next."""
        self._outcome.milliseconds.append((time.perf_counter() - self._began) * 1000)
        status, answers = str(self._parser.get_status_code()), self._outcome.answers
        answers[status] = answers.get(status, 0) + 1
        self._send()

    def _send(self) -> None:
        request = next(self._waiting, None)
        if request is None:
            self._transport.close()
            return
        self._began = time.perf_counter()
        self._transport.write(request)


async def work(job: Job) -> Outcome:
    """Send everything, each connection one request at a time."""
    outcome = Outcome()
    waiting = iter(list(job.encode()))
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(PATIENCE_SECONDS):
        began = time.perf_counter()
        opened = [
            await loop.create_connection(lambda: Connection(waiting, outcome), job.host, job.port)
            for _ in range(job.connections)
        ]
        await asyncio.gather(*(connection.done for _, connection in opened))
    outcome.seconds = time.perf_counter() - began
    return outcome


def main() -> None:
    """Do one job."""
    given = json.load(sys.stdin)
    given["requests"] = [tuple(request) for request in given["requests"]]
    json.dump(asdict(asyncio.run(work(Job(**given)))), sys.stdout)


if __name__ == "__main__":
    main()
