"""Databases of every size with a server beside each, and the load on them."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loadtests.bench import saturation
from loadtests.bench.filling import LEFT, fill, prepare_base
from loadtests.bench.hot_path import EVERYTHING, OURS, SERVE
from loadtests.bench.rounds import Tally
from loadtests.bench.saturation import SETTINGS, count_swipes, saturating
from loadtests.bench.scraping import scrape_by_series
from loadtests.bench.sender import sending
from loadtests.bench.servers import Variant, serving
from loadtests.bench.supply import Decks, Swipes
from loadtests.bench.swiping import prepare_catalogue
from loadtests.bench.turns import DRIVER, Driver
from loadtests.errors import InvalidRun, MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from loadtests.bench.filling import Filled
    from loadtests.bench.machine import Cores
    from loadtests.bench.rounds import Sample
    from loadtests.bench.saturation import Saturation
    from loadtests.bench.servers import Running
    from loadtests.bench.trend import Trend

SWIPE, DECK = "swipe", "deck"
ADOPTERS = 500
# Their copies make all that there are.
SEEDED_PETS = 2500
# Each adopter comes so often before a pet comes again: what is swiped is scattered over the table.
TIMES = 20
# Swipes at full speed, where they share statements; decks so that none waits for a connection.
CONNECTIONS = {SWIPE: 64, DECK: 8}
# Each adopter once: who comes for the first time has a token and a session to look at.
WARM_UP = ADOPTERS
TURNS = 4
# A deck that nobody asks for again in a second is always built anew.
SHORT_LIVED = {"PET_DECK_TTL_SECONDS": "1"}
ALONE = Variant(OURS, "", SERVE, EVERYTHING)


@dataclass(frozen=True, slots=True)
class Options:
    """What the bench can be told: requests are those of a round and size."""

    rounds: int
    swipes: int
    decks: int
    sizes: Sequence[int]
    pets: int
    out: Path

    def __post_init__(self) -> None:
        """Raise MisuseError when there are not enough new swipes for all rounds."""
        most = LEFT * ADOPTERS * TIMES
        if self.added * len(self.sizes) > most:
            raise MisuseError(f"there are {most:,} new swipes: ask for fewer rounds or swipes")

    @property
    def added(self) -> int:
        """How many swipes come to each database."""
        return (self.swipes + WARM_UP + 1) * self.rounds


@dataclass(frozen=True, slots=True)
class Grown:
    """What is measured with: databases by the name of their server, and a load for each route."""

    bench: Saturation
    databases: dict[str, Filled]
    drivers: dict[str, Driver]
    options: Options

    def rounds(self) -> Iterator[tuple[int, list[Running]]]:
        """Start the servers; yields the number of each round, from 1, and them in its order.

        They stay for all rounds: a connection of PostgreSQL maps the memory of a large table page
        by page as it comes to it, which is over in a service that has run for a while.
        """
        environment = {**SETTINGS, **self.bench.stack.environment}
        logs = self.options.out / "logs"
        with serving(self.bench.variants, environment, self.bench.cores, logs) as servers:
            for number in range(1, self.options.rounds + 1):
                yield number, servers if number % 2 else servers[::-1]

    def measure(self, number: int, servers: Sequence[Running]) -> list[Sample]:
        """Measure a round of swipes, and one of decks."""
        requests = {SWIPE: self.options.swipes, DECK: self.options.decks}
        return [s for what in requests for s in self._round(what, number, servers, requests[what])]

    def scrapes(self) -> Trend:
        """Scrape a server while more and more of its routes are asked for."""
        environment = {**SETTINGS, **self.bench.stack.environment}
        logs = self.options.out / "logs"
        return scrape_by_series(ALONE, environment, self.bench.cores, logs)

    def _round(
        self, what: str, number: int, servers: Sequence[Running], requests: int
    ) -> list[Sample]:
        """Ask every server so often, in several turns, and measure them until all is told."""
        driver, connections = self.drivers[what], CONNECTIONS[what]
        for server in servers:
            driver.ask(server, WARM_UP if what == SWIPE else requests, connections=connections)
        stored = self._stored(servers)
        tallies = [Tally(server.cpu_seconds()) for server in servers]
        for turn in range(TURNS):
            share = requests * (turn + 1) // TURNS - requests * turn // TURNS
            for server, tally in zip(servers, tallies, strict=True):
                driver.ask(server, share, tally, connections)
        driver.settle(servers, tallies)
        found = [
            replace(tally.sample(number, server), variant=f"{what}, {server.variant.name}")
            for server, tally in zip(servers, tallies, strict=True)
        ]
        added = [now - then for now, then in zip(self._stored(servers), stored, strict=True)]
        if added != [sample.requests if what == SWIPE else 0 for sample in found]:
            told = ", ".join(f"{s.variant}: {s.requests:,}" for s in found)
            raise InvalidRun(f"answered were {told}, and {added} swipes were stored")
        return found

    def _stored(self, servers: Sequence[Running]) -> list[int]:
        """Count the swipes of each server; outside of turns, for it costs by their number."""
        return [count_swipes(self.databases[s.variant.name].address) for s in servers]


@contextmanager
def grown(options: Options, cores: Cores, say: Callable[[str], None]) -> Iterator[Grown]:
    """Fill a database of each size, and start the load."""
    sizes = {f"{size:,}": size for size in sorted(options.sizes)}
    planned = [Variant(name, "", SERVE, EVERYTHING) for name in sizes]
    given = saturation.Options(options.rounds, 1, options.out)
    with saturating(planned, cores, given, say) as bench, sending(cores.others, DRIVER) as sender:
        say("seeding pets and adopters")
        address = bench.stack.environment["PET_DATABASE_URL"]
        tokens = _log_in(bench)
        pets = prepare_base(address, options.pets)
        databases = {}
        for name, size in sizes.items():
            say(f"storing {name} swipes")
            # In the middle of the run it has its size.
            databases[name] = fill(address, max(0, size - options.added // 2))
        drivers = {SWIPE: bench.driver, DECK: Driver(sender, bench.driver.behind)}
        drivers[SWIPE].take(Swipes(tokens * TIMES, pets[: ADOPTERS * TIMES]))
        drivers[DECK].take(Decks(tokens))
        yield Grown(replace(bench, variants=_beside(databases, bench)), databases, drivers, options)


def _log_in(bench: Saturation) -> list[str]:
    """Seed the database that the others are made of; its sessions become theirs."""
    environment = {**SETTINGS, **bench.stack.environment}
    out = bench.options.out
    with serving([ALONE], environment, bench.cores, out / "logs") as servers:
        return prepare_catalogue(bench.stack, servers[0], SEEDED_PETS, ADOPTERS, out)[0]


def _beside(databases: dict[str, Filled], bench: Saturation) -> list[Variant]:
    """Describe a server for each database; what one remembers must not serve another."""
    cache = bench.stack.environment["PET_CACHE_URL"].rpartition("/")[0]
    return [
        Variant(
            name,
            "",
            SERVE,
            {
                **EVERYTHING,
                **SHORT_LIVED,
                "PET_DATABASE_URL": filled.address,
                "PET_CACHE_URL": f"{cache}/{number}",
            },
        )
        for number, (name, filled) in enumerate(databases.items(), 1)
    ]
