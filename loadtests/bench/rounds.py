"""Measuring variants beside each other, again and again, so that what disturbs meets all of them.

Every round has servers of its own: two processes of the same program differ by several percent for
as long as they live, by nothing but where their objects happen to lie in memory.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import TYPE_CHECKING

from loadtests.bench.machine import cpu_seconds
from loadtests.bench.sender import sending
from loadtests.bench.servers import serving
from loadtests.bench.statistics import quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from loadtests.bench.client import Job
    from loadtests.bench.machine import Cores
    from loadtests.bench.sender import Sender
    from loadtests.bench.servers import Running, Variant

    MakeJob = Callable[[Running, int], Job]

# A disturbance of a tenth of a second hardly ever meets one variant alone.
TURN_REQUESTS = 24
# Requests of a round and server that make it tell of the others: after the warm-up, and at its end.
SETTLING = 2
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One variant in one round: CPU in microseconds a request, latency in milliseconds."""

    round: int
    variant: str
    requests: int
    cpu: float
    # Of whatever stands behind the server, by name.
    behind: dict[str, float]
    rate: float
    p50: float
    p95: float
    p99: float


@dataclass(slots=True)
class Tally:
    """What one server has answered in a round so far."""

    # Its CPU time when the round began.
    used: float
    requests: int = 0
    seconds: float = 0.0
    milliseconds: list[float] = field(default_factory=list)
    behind: dict[str, float] = field(default_factory=dict)

    def note(
        self,
        seconds: float,
        milliseconds: list[float],
        before: Mapping[str, float],
        after: Mapping[str, float],
    ) -> None:
        """Add a turn, and what stands behind the server has used in it."""
        self.requests += len(milliseconds)
        self.seconds += seconds
        self.milliseconds += milliseconds
        for name, used in after.items():
            self.behind[name] = self.behind.get(name, 0.0) + used - before[name]

    def sample(self, number: int, server: Running) -> Sample:
        """Turn it into numbers a request; call it once the server has told all it has to tell."""
        share = MICROSECONDS / self.requests
        return Sample(
            number,
            server.variant.name,
            self.requests,
            (server.cpu_seconds() - self.used) * share,
            {name: spent * share for name, spent in self.behind.items()},
            self.requests / self.seconds,
            *(quantile(self.milliseconds, part) for part in (0.5, 0.95, 0.99)),
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """What is measured, with what load, beside what."""

    variants: Sequence[Variant]
    environment: Mapping[str, str]
    # Makes what is needed for the load, once, through the first server.
    prepare: Callable[[Running], MakeJob]
    expected: str
    # Process ids by name.
    behind: Mapping[str, int]
    cores: Cores
    logs: Path

    def measure(
        self, rounds: int, requests: int, warm_up: int, say: Callable[[str], None]
    ) -> list[Sample]:
        """Measure every variant in every round; raises InvalidRun as soon as an answer is wrong."""
        # Every order as often as any other: who comes after whom has no advantage of it.
        orders = list(permutations(self.variants))
        job: MakeJob | None = None
        samples: list[Sample] = []
        with sending(self.cores.others) as sender:
            for number in range(1, rounds + 1):
                order = orders[number % len(orders)]
                with serving(order, self.environment, self.cores, self.logs) as servers:
                    job = job or self.prepare(servers[0])
                    for server in servers:
                        self._send(sender, server, job(server, warm_up))
                        self._settle(sender, server, job)
                    samples += self._round(number, servers, sender, job, requests)
                found = ", ".join(f"{s.variant} {s.cpu:,.0f} µs" for s in samples[-len(order) :])
                say(f"round {number} of {rounds}: {found}")
        return samples

    def _round(
        self,
        number: int,
        servers: Sequence[Running],
        sender: Sender,
        job: MakeJob,
        requests: int,
    ) -> list[Sample]:
        tallies = [Tally(server.cpu_seconds()) for server in servers]
        for begun in range(0, requests, TURN_REQUESTS):
            for server, tally in zip(servers, tallies, strict=True):
                turn = job(server, min(TURN_REQUESTS, requests - begun))
                before = self._behind()
                seconds, milliseconds = self._send(sender, server, turn)
                tally.note(seconds, milliseconds, before, self._behind())
        for server, tally in zip(servers, tallies, strict=True):
            tally.requests += self._settle(sender, server, job)
        return [
            tally.sample(number, server) for server, tally in zip(servers, tallies, strict=True)
        ]

    def _settle(self, sender: Sender, server: Running, job: MakeJob) -> int:
        """Have it tell of all that it was asked; returns how many requests more that has cost.

        The last one belongs to a trace that its caller keeps, and so must the server: whatever has
        left before it is out once this trace is.
        """
        trace_id, span_id = secrets.token_hex(16), secrets.token_hex(8)
        last = replace(job(server, 1), traceparent=f"00-{trace_id}-{span_id}-01")
        self._send(sender, server, last)
        server.wait_told(trace_id)
        return len(last.requests)

    def _behind(self) -> dict[str, float]:
        return {name: cpu_seconds(pid) for name, pid in self.behind.items()}

    def _send(self, sender: Sender, server: Running, job: Job) -> tuple[float, list[float]]:
        return sender.send(job, server.variant.name, self.expected)
