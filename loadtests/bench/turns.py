"""Turns of some seconds at full speed: each variant alone, again and again, on fresh servers.

Nothing is timed that is not answered: every status must be the expected one, of every 61st answer
the body is read, and where rows are counted PostgreSQL must have as many more as were acknowledged.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from loadtests.bench.driver import PATIENCE_SECONDS, Outcome, Turn
from loadtests.bench.machine import cpu_seconds
from loadtests.errors import InvalidRun
from slo.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from loadtests.bench.rounds import Tally
    from loadtests.bench.sender import Sender
    from loadtests.bench.servers import Running
    from loadtests.bench.supply import Decks, Swipes

DRIVER = "loadtests.bench.driver"
# With 64 the core of ours waits a third of its time for commits: that is no full speed. The peers'
# clients of Redis open 100 connections at most, one for each request.
CONNECTIONS = 96
WARM_UP_SECONDS = 1.0
SETTLE_SECONDS = 10.0


@dataclass(slots=True)
class Driver:
    """Sends of one supply, to one server at a time, and refuses whatever was answered wrong."""

    sender: Sender
    # Process ids by name, of what stands behind the servers.
    behind: Mapping[str, int]
    # Rows that PostgreSQL has; each answer must have added one.
    rows: Callable[[], int] | None = None
    _expected: str = ""
    _left: int = 0
    _next: int = 0

    def take(self, supply: Swipes | Decks) -> None:
        """Send of this supply from now on."""
        self.sender.tell({"supply": supply.kind, **asdict(supply)})
        self._expected, self._next, self._left = supply.expected, 0, len(supply)

    def saturate(self, server: Running, seconds: float, tally: Tally | None = None) -> None:
        """Keep every connection busy for so long, and note what came of it."""
        self._send(server, seconds, tally=tally)

    def plan(self, server: Running, rate: float, seconds: float, tally: Tally) -> None:
        """Send at a rate, and note what came of it: latency counts from the intended start."""
        self._send(server, seconds, rate=rate, tally=tally)

    def settle(self, servers: Sequence[Running], tallies: Sequence[Tally]) -> None:
        """Have the servers tell of all that they were asked, with one request more each.

        It belongs to a trace that its caller keeps, and so must they: whatever has left before it
        is out once this trace is.
        """
        traces = {server.variant.name: secrets.token_hex(16) for server in servers}
        for server, tally in zip(servers, tallies, strict=True):
            parent = f"00-{traces[server.variant.name]}-{secrets.token_hex(8)}-01"
            self._send(server, SETTLE_SECONDS, most=1, connections=1, traceparent=parent)
            tally.requests += 1
        for server in servers:
            server.wait_told(traces[server.variant.name])

    def ask(
        self,
        server: Running,
        requests: int,
        tally: Tally | None = None,
        connections: int = CONNECTIONS,
    ) -> None:
        """Send so many requests, and note what came of it; raises InvalidRun for too long."""
        found = self._send(
            server, PATIENCE_SECONDS, most=requests, connections=connections, tally=tally
        )
        if found.sent < requests:
            raise InvalidRun(f"{server.variant.name} answered {found.sent} of {requests} in time")

    def _send(
        self,
        server: Running,
        seconds: float,
        *,
        most: int = 0,
        connections: int = CONNECTIONS,
        rate: float = 0.0,
        traceparent: str = "",
        tally: Tally | None = None,
    ) -> Outcome:
        turn = Turn(
            HOST,
            server.port,
            connections,
            self._next,
            min(most or self._left, self._left),
            seconds,
            rate,
            traceparent,
        )
        stored = self.rows() if self.rows else 0
        before = self._used()
        found = Outcome(**self.sender.exchange(asdict(turn), server.variant.name))
        if tally is not None:
            tally.note(found.seconds, found.milliseconds, before, self._used())
        self._next += found.sent
        self._left -= found.sent
        if not self._left:
            raise InvalidRun(f"there are no new requests left in a turn of {server.variant.name}")
        added = self.rows() - stored if self.rows else found.sent
        if wrong := problem(found, self._expected, added):
            raise InvalidRun(f"{server.variant.name} {wrong}")
        return found

    def _used(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self.behind.items()}


def problem(outcome: Outcome, expected: str, added: int) -> str:
    """Say what was wrong with a turn that added so many rows; nothing when all was right."""
    if not outcome.sent:
        return "was asked nothing"
    if outcome.answers != {expected: outcome.sent}:
        told = f"should have answered {expected} to {outcome.sent} requests"
        return f"{told}, and did: {outcome.answers}"
    if outcome.wrong:
        return f"answered wrong: {outcome.wrong[0]}"
    return "" if added == outcome.sent else f"acknowledged {outcome.sent} and stored {added}"
