"""The load: a program that sends prepared requests and tells how they were answered.

`python -m loadtests.bench.client` reads jobs from standard input, a line of JSON each, and answers
each with an outcome, a line as well. It costs little, because it shares its core with PostgreSQL:
raw bytes on connections that stay open, and a parser in C for the answers.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING
from uuid import uuid4

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
    # Of a caller whose trace is kept; nobody's when empty.
    traceparent: str = ""
    # Whether each request has an Idempotency-Key of its own.
    keyed: bool = False

    def encode(self) -> Iterator[bytes]:
        """Write the requests as they go over the wire."""
        trace = f"traceparent: {self.traceparent}\r\n" if self.traceparent else ""
        for token, body in self.requests:
            content = body.encode()
            key = f"Idempotency-Key: {uuid4()}\r\n" if self.keyed else ""
            yield (
                f"{self.method} {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n{trace}{key}"
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

    def __init__(self) -> None:
        """Wait for work."""
        self.lost = False
        self._waiting: Iterator[bytes] = iter(())
        self._outcome = Outcome()
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._began = 0.0
        self._parser = httptools.HttpResponseParser(self)

    async def take(self, waiting: Iterator[bytes], outcome: Outcome) -> None:
        """Send of what waits until there is no more, and note what comes."""
        self._waiting, self._outcome = waiting, outcome
        self._done = asyncio.get_running_loop().create_future()
        self._send()
        await self._done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # of a stream it always is
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; too early when a request still waits, which the number of answers will show."""
        del exc
        self.lost = True
        self._end()

    def on_message_complete(self) -> None:
        """Note one answer and ask the next."""
        self._outcome.milliseconds.append((time.perf_counter() - self._began) * 1000)
        status, answers = str(self._parser.get_status_code()), self._outcome.answers
        answers[status] = answers.get(status, 0) + 1
        self._send()

    def _send(self) -> None:
        request = None if self.lost else next(self._waiting, None)
        if request is None:
            self._end()
            return
        self._began = time.perf_counter()
        self._transport.write(request)

    def _end(self) -> None:
        if not self._done.done():
            self._done.set_result(None)


class Load:
    """Does jobs one after the other, on the same connections to the same server."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._open: dict[tuple[str, int], list[Connection]] = {}

    async def work(self, job: Job) -> Outcome:
        """Send everything, each connection one request at a time."""
        outcome = Outcome()
        waiting = iter(list(job.encode()))
        async with asyncio.timeout(PATIENCE_SECONDS):
            connections = await self._connect(job)
            began = time.perf_counter()
            await asyncio.gather(*(found.take(waiting, outcome) for found in connections))
        outcome.seconds = time.perf_counter() - began
        return outcome

    async def _connect(self, job: Job) -> list[Connection]:
        loop, where = asyncio.get_running_loop(), (job.host, job.port)
        found = [known for known in self._open.get(where, ()) if not known.lost][: job.connections]
        while len(found) < job.connections:
            _, made = await loop.create_connection(Connection, *where)
            found.append(made)
        self._open[where] = found
        return found


def main() -> None:
    """Do jobs until there are no more."""
    load = Load()
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            given = json.loads(line)
            given["requests"] = [tuple(request) for request in given["requests"]]
            outcome = runner.run(load.work(Job(**given)))
            sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
