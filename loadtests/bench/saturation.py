"""Rounds of turns at full speed: fresh servers in each, in turn from both ends, one database."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

import asyncpg

from loadtests.bench.machine import describe_machine, pinned
from loadtests.bench.rounds import MICROSECONDS, Tally
from loadtests.bench.sender import sending
from loadtests.bench.servers import serving
from loadtests.bench.swiping import CHEAP_PASSWORDS
from loadtests.bench.turns import DRIVER, WARM_UP_SECONDS, Driver
from loadtests.stack import embedded_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from loadtests.bench.machine import Cores
    from loadtests.bench.rounds import Sample
    from loadtests.bench.servers import Running, Variant
    from loadtests.stack import Stack

# Nobody is sent away: the load speaks for a few people from one address.
MANY = "1000000000"
SETTINGS = {
    "PET_RATE_LIMIT_USER": MANY,
    "PET_RATE_LIMIT_IP": MANY,
    "PET_RATE_LIMIT_ANONYMOUS": MANY,
    **CHEAP_PASSWORDS,
}
BEHIND = ("postgres", "valkey")


@dataclass(frozen=True, slots=True)
class Options:
    """What a bench at full speed can be told: rounds, seconds a turn, and where results go."""

    rounds: int
    seconds: int
    out: Path


@dataclass(frozen=True, slots=True)
class Saturation:
    """Variants beside one database and cache."""

    variants: Sequence[Variant]
    stack: Stack
    driver: Driver
    cores: Cores
    options: Options
    say: Callable[[str], None]

    def rounds(self) -> Iterator[tuple[int, list[Running]]]:
        """Start the servers of each round; yields its number, from 1, and them in their order."""
        environment = {**SETTINGS, **self.stack.environment}
        for number in range(1, self.options.rounds + 1):
            # In turn from both ends: what changes slowly meets all alike.
            order = self.variants if number % 2 else self.variants[::-1]
            logs = self.options.out / "logs"
            with serving(order, environment, self.cores, logs) as servers:
                yield number, servers

    def measure(self, number: int, servers: Sequence[Running]) -> list[Sample]:
        """Let each server work at full speed in turn, and measure them until all is told."""
        for server in servers:
            self.driver.saturate(server, WARM_UP_SECONDS)
        tallies = []
        for server in servers:
            tallies.append(tally := Tally(server.cpu_seconds()))
            self.driver.saturate(server, self.options.seconds, tally)
        self.driver.settle(servers, tallies)
        found = [
            tally.sample(number, server) for server, tally in zip(servers, tallies, strict=True)
        ]
        told = ", ".join(f"{s.variant} {s.rate:,.0f}/s {s.cpu:,.0f} µs" for s in found)
        self.say(f"round {number} of {self.options.rounds}: {told}")
        return found


@contextmanager
def saturating(
    variants: Sequence[Variant],
    cores: Cores,
    options: Options,
    say: Callable[[str], None],
) -> Iterator[Saturation]:
    """Run the database, the cache and the load on cores that are not the servers'."""
    with ExitStack() as cleanup:
        with pinned(cores.others):
            # Every worker of every server has its connections.
            workers = str(sum(variant.workers for variant in variants))
            arguments = ["--bare", "--workers", workers]
            stack = cleanup.enter_context(embedded_stack(options.out, arguments, SETTINGS, say))
        sender = cleanup.enter_context(sending(cores.others, DRIVER))
        driver = Driver(sender, {name: stack.processes[name] for name in BEHIND})
        yield Saturation(variants, stack, driver, cores, options, say)


def conditions(options: Options, cores: Cores) -> dict[str, object]:
    """Name what the numbers depend on."""
    return {
        **describe_machine(),
        "server alone on its core": cores.apart,
        "rounds": options.rounds,
        "seconds a turn": options.seconds,
    }


def ratios(samples: Sequence[Sample], what: str, one: str, other: str) -> list[float]:
    """Divide what one variant has by what another has, in each round."""
    rounds: dict[int, dict[str, float]] = {}
    for sample in samples:
        rounds.setdefault(sample.round, {})[sample.variant] = getattr(sample, what)
    return [found[one] / found[other] for found in rounds.values()]


def how_busy(variant: Variant, samples: Sequence[Sample]) -> str:
    """Say how much of its core a server with one worker has used at full speed."""
    busy = [s.cpu * s.rate / MICROSECONDS for s in samples if s.variant == variant.name]
    return f"{variant.name.capitalize()} had its core busy for {median(busy):.0%} of a turn."


def count_swipes(database_url: str) -> int:
    """Return how many swipes PostgreSQL has stored."""
    return asyncio.run(_count(database_url.replace("+asyncpg", "", 1)))


async def _count(address: str) -> int:
    connection = await asyncpg.connect(address)
    try:
        found: int = await connection.fetchval("SELECT count(*) FROM swipes")
    finally:
        await connection.close()
    return found
