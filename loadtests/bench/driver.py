"""The load at full speed, or by a plan: a program that sends requests for so many seconds.

`python -m loadtests.bench.driver` reads from standard input, a line of JSON each: a supply of
requests, which stays, and turns, each answered with an outcome, a line as well. It shares its core
with PostgreSQL, so what can be done before the clock starts or after it has stopped is.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from math import inf
from typing import TYPE_CHECKING, cast

import httptools
import uvloop

from loadtests.bench.supply import KINDS

if TYPE_CHECKING:
    from loadtests.bench.supply import Supply

# Nobody waits for so long; a server that hangs ends the measurement.
PATIENCE_SECONDS = 60.0
# One body of so many is kept and looked at; a prime meets every adopter.
KEEP_EVERY = 61
TELL_WRONG = 3
# The loop's timers are no finer.
TICK_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Turn:
    """Requests from a number on, until so many are sent or so many seconds are over.

    With a rate they start evenly spaced, whether those before are answered or not, as long as a
    connection is free; without one each connection sends as soon as it has its answer.
    """

    host: str
    port: int
    connections: int
    first: int
    most: int
    seconds: float
    # Requests a second; 0 is as fast as the server answers.
    rate: float = 0.0
    # Of a caller whose trace is kept; nobody's when empty.
    traceparent: str = ""


@dataclass(slots=True)
class Outcome:
    """How the requests of a turn were answered."""

    seconds: float = 0.0
    sent: int = 0
    # By status.
    answers: dict[str, int] = field(default_factory=dict)
    # From when a request was to start until its answer was there.
    milliseconds: list[float] = field(default_factory=list)
    # Bodies that were looked at, and what was wrong with the first few.
    checked: int = 0
    wrong: list[str] = field(default_factory=list)


class Connection(asyncio.Protocol):
    """Has one request under way at a time."""

    def __init__(self, driving: Driving) -> None:
        """Wait for work."""
        self.number, self.since = 0, 0.0
        self._driving = driving
        self._kept: list[bytes] | None = None
        self._parser = httptools.HttpResponseParser(self)

    def ask(self, number: int, since: float) -> None:
        """Send a request, which was to start at that moment."""
        self.number, self.since = number, since
        self._kept = None if number % KEEP_EVERY else []
        self._transport.write(self._driving.request(number))

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        # Of a stream it always is one; uvloop's does not say so by its class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End; too early when a request is under way, which the number of answers will show."""
        del exc
        self._driving.ended(self)

    def on_body(self, part: bytes) -> None:
        """Keep a body that will be looked at."""
        if self._kept is not None:
            self._kept.append(part)

    def on_message_complete(self) -> None:
        """Hand on the answer."""
        body = None if self._kept is None else b"".join(self._kept)
        self._driving.answered(self, self._parser.get_status_code(), body)


class Driving:
    """One turn."""

    def __init__(self, turn: Turn, supply: Supply) -> None:
        """Prepare the requests."""
        trace = f"traceparent: {turn.traceparent}\r\n" if turn.traceparent else ""
        self.request = supply.requests(f"{turn.host}:{turn.port}", trace)
        self._turn, self._supply = turn, supply
        self._next, self._end = turn.first, turn.first + turn.most
        self._began, self._until = 0.0, inf
        self._under_way: set[Connection] = set()
        self._idle: list[Connection] = []
        self._statuses: Counter[int] = Counter()
        self._milliseconds: list[float] = []
        self._bodies: list[tuple[int, bytes]] = []
        self._loop = asyncio.get_running_loop()
        self._done = self._loop.create_future()
        self._closed = asyncio.Event()

    async def run(self) -> Outcome:
        """Send everything and look at the answers."""
        turn = self._turn
        async with asyncio.timeout(turn.seconds + PATIENCE_SECONDS):
            for _ in range(turn.connections):
                made = await self._loop.create_connection(
                    lambda: Connection(self), turn.host, turn.port
                )
                self._idle.append(made[1])
            self._began = time.perf_counter()
            self._until = self._began + turn.seconds
            self._tick()
            await self._done
            seconds = time.perf_counter() - self._began
        for connection in self._idle:
            connection.close()
        await self._closed.wait()
        return self._outcome(seconds)

    def answered(self, connection: Connection, status: int, body: bytes | None) -> None:
        """Note an answer and ask the next."""
        now = time.perf_counter()
        self._milliseconds.append((now - connection.since) * 1000)
        self._statuses[status] += 1
        if body is not None:
            self._bodies.append((connection.number, body))
        since = self._due(now)
        if since > now:
            self._under_way.discard(connection)
            self._idle.append(connection)
            self._finish_if_over(since)
            return
        connection.ask(self._next, since)
        self._next += 1

    def ended(self, connection: Connection) -> None:
        """Go on without a connection."""
        if connection in self._under_way:
            self._under_way.discard(connection)
            self._finish_if_over(self._due(time.perf_counter()))
        elif connection in self._idle:
            self._idle.remove(connection)
        if not self._idle and not self._under_way:
            self._closed.set()

    def _due(self, now: float) -> float:
        """Return when the next request is to start; never when there is none."""
        if self._next >= self._end:
            return inf
        if not self._turn.rate:
            return now if now < self._until else inf
        since = self._began + (self._next - self._turn.first) / self._turn.rate
        return since if since < self._until else inf

    def _tick(self) -> None:
        """Send whatever is due, and come again when the next one is."""
        now = time.perf_counter()
        while (since := self._due(now)) <= now and self._idle:
            connection = self._idle.pop()
            self._under_way.add(connection)
            connection.ask(self._next, since)
            self._next += 1
        if since == inf or not (self._idle or self._under_way):
            self._finish_if_over(inf)
        elif self._turn.rate:
            self._loop.call_later(max(since - now, TICK_SECONDS), self._tick)

    def _finish_if_over(self, since: float) -> None:
        """End with the last answer, or when nobody is left to ask."""
        over = since == inf or not self._idle
        if over and not self._under_way and not self._done.done():
            self._done.set_result(None)

    def _outcome(self, seconds: float) -> Outcome:
        wrong = (self._supply.wrong(number, body) for number, body in self._bodies)
        return Outcome(
            seconds,
            self._next - self._turn.first,
            {str(status): count for status, count in self._statuses.items()},
            [round(taken, 3) for taken in self._milliseconds],
            len(self._bodies),
            [reason for reason in wrong if reason][:TELL_WRONG],
        )


def main() -> None:
    """Do turns until there are no more."""
    supply: Supply | None = None
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            given = json.loads(line)
            kind = given.pop("supply", None)
            if kind:
                supply = KINDS[kind](**given)
                continue
            assert supply is not None  # noqa: S101  # whoever sends turns has sent one
            outcome = runner.run(_drive(Turn(**given), supply))
            sys.stdout.write(json.dumps(asdict(outcome)) + "\n")
            sys.stdout.flush()


async def _drive(turn: Turn, supply: Supply) -> Outcome:
    return await Driving(turn, supply).run()


if __name__ == "__main__":
    main()
