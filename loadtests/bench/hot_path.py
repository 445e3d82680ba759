"""A swipe at full speed: ours with everything on, beside services as others write them.

The limits are ratios within each round of one run, so that they hold on any machine. Swipes per
core are those of one second of CPU time of the server: at full speed its core may still wait for
the database, which shares the other cores with the load.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from math import ceil
from typing import TYPE_CHECKING

from loadtests.bench.machine import choose_cores
from loadtests.bench.report import BenchResult
from loadtests.bench.rounds import Tally
from loadtests.bench.saturation import (
    Options,
    conditions,
    count_swipes,
    how_busy,
    ratios,
    saturating,
)
from loadtests.bench.servers import Variant
from loadtests.bench.statistics import estimate
from loadtests.bench.supply import Decks, Swipes
from loadtests.bench.swiping import prepare_catalogue
from loadtests.bench.verdict import AtLeast, Check, times
from loadtests.errors import InvalidRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.bench.machine import Cores
    from loadtests.bench.rounds import Sample
    from loadtests.bench.saturation import Saturation
    from loadtests.bench.servers import Running
    from loadtests.bench.verdict import Limit

NAME = "hot-path"
TITLE = "Swipes at full speed"
NAIVE, PUBLIC, CAREFUL = "naive", "naive with public telemetry", "careful"
OURS, TWO = "ours", "ours with two workers"
TRACE_RATIO = "0.1"
SERVE = ("app", "serve", "--port", "{port}", "--management-port", "{management}")
EVERYTHING = {
    "PET_TELEMETRY": "full",
    "PET_OTLP_ENDPOINT": "{sink}",
    "PET_TRACE_RATIO": TRACE_RATIO,
}
VARIANT_NAIVE = Variant(
    NAIVE,
    "as most public FastAPI repositories are written: a session of the ORM a request, "
    "BaseHTTPMiddleware, a call to Redis for every question; no telemetry but a log",
    ("loadtests.bench.peers.naive", "{port}"),
    tells=False,
)
VARIANT_OURS = Variant(
    OURS,
    "the service with metrics, JSON access log, and traces: 10 % and every error, over OTLP",
    SERVE,
    EVERYTHING,
)
VARIANTS = (
    VARIANT_NAIVE,
    Variant(
        PUBLIC,
        "the same with prometheus-fastapi-instrumentator, a JSON access log by logging, and "
        "OpenTelemetry's instrumentations of FastAPI, SQLAlchemy and Redis: 10 % over OTLP",
        ("loadtests.bench.peers.naive", "{port}", "--telemetry", "public"),
        {
            "OTEL_EXPORTER_OTLP_ENDPOINT": "{sink}",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": TRACE_RATIO,
        },
    ),
    Variant(
        CAREFUL,
        "as a good engineer writes it in a day: Core, one statement, a script in Valkey, a cache "
        "of tokens, no BaseHTTPMiddleware; no telemetry",
        ("loadtests.bench.peers.careful", "{port}"),
        tells=False,
    ),
    VARIANT_OURS,
    Variant(TWO, "the same by two processes", (*SERVE, "--workers", "2"), EVERYTHING, workers=2),
)
# The same servers once more, by a plan.
PLANNED = {
    PUBLIC: f"{PUBLIC}, at its limit",
    OURS: f"{OURS}, at that rate",
}
PLANNED_ABOUT = (
    "planned arrivals at the rate that saturates the former, its best of this run so far; "
    "latency from the intended start"
)
ADOPTERS = 512
# A deck that is built for the first time costs the database so much that others would wait long.
FEW = 4
# More swipes a second than all variants together could make.
MOST_RATE = 50_000
PER_CORE, REACH = 30, 70
PER_CORE_OF_CAREFUL, REACH_OF_CAREFUL = 4, 6
OF_ITS_P99 = 0.1
TWO_WORKERS = 1.7


def measure(options: Options, say: Callable[[str], None]) -> BenchResult:
    """Measure, and judge; what cannot be judged is an invalid result.

    Raises MisuseError and LoadTestError when there was no measurement at all.
    """
    started = datetime.now(UTC)
    cores = choose_cores(spare=True)
    about = {variant.name: variant.about for variant in VARIANTS}
    about |= dict.fromkeys(PLANNED.values(), PLANNED_ABOUT)
    samples: list[Sample] = []
    found = partial(BenchResult, NAME, TITLE, started, conditions(options, cores), about, samples)
    try:
        with saturating(VARIANTS, cores, options, say) as bench:
            _measure(bench, samples)
        return found(judge(samples, cores), notes=notes(samples, cores))
    except InvalidRun as error:
        return found(invalid=str(error))


def judge(samples: Sequence[Sample], cores: Cores) -> list[Limit]:
    """Compare the variants of each round; raises InvalidRun when there are too few.

    Two workers are judged only where there are cores for both.
    """
    cpu, p99 = partial(ratios, samples, "cpu"), partial(ratios, samples, "p99")
    checks: list[Limit] = [
        AtLeast(
            f"ours does … the swipes of {PUBLIC} per core",
            PER_CORE,
            estimate(cpu(PUBLIC, OURS)),
            REACH,
        ),
        AtLeast(
            f"ours does … the swipes of {CAREFUL} per core",
            PER_CORE_OF_CAREFUL,
            estimate(cpu(CAREFUL, OURS)),
            REACH_OF_CAREFUL,
        ),
        Check(
            f"of the p99 of {PUBLIC} ours has at the rate that saturates it",
            OF_ITS_P99,
            estimate(p99(PLANNED[OURS], PLANNED[PUBLIC])),
        ),
    ]
    if cores.spare:
        two = estimate(ratios(samples, "rate", TWO, OURS))
        checks.append(AtLeast("two workers do … the swipes of one", TWO_WORKERS, two))
    return checks


def notes(samples: Sequence[Sample], cores: Cores) -> list[str]:
    """Say what the limits do not: throughput, how busy the core was, and what is not decidable."""
    rate = estimate(ratios(samples, "rate", OURS, PUBLIC))
    told = [f"At full speed ours answers {times(rate)} the swipes of {PUBLIC}."]
    told += [how_busy(variant, samples) for variant in VARIANTS if variant.workers == 1]
    if not cores.spare:
        two = estimate(ratios(samples, "rate", TWO, OURS))
        told.append(
            f"Two workers did {times(two)} the swipes of one, sharing their cores with PostgreSQL "
            "and the load: with fewer than 4 cores it cannot be decided what two can do."
        )
    return told


def _measure(bench: Saturation, samples: list[Sample]) -> None:
    """Add the samples of all rounds as they come."""
    driver, options = bench.driver, bench.options
    for number, servers in bench.rounds():
        by_name = {server.variant.name: server for server in servers}
        if number == 1:
            _prepare(bench, by_name[OURS])
        samples += bench.measure(number, servers)
        # Its median would leave it idle in half of the rounds.
        rate = max(s.rate for s in samples if s.variant == PUBLIC)
        for name in [server.variant.name for server in servers if server.variant.name in PLANNED]:
            server = by_name[name]
            tally = Tally(server.cpu_seconds())
            driver.plan(server, rate, options.seconds, tally)
            samples.append(replace(tally.sample(number, server), variant=PLANNED[name]))


def _prepare(bench: Saturation, server: Running) -> None:
    """Seed what is swiped, and have every adopter read a deck, as whoever swipes has."""
    bench.say("seeding pets and adopters")
    options = bench.options
    needed = MOST_RATE * (options.seconds + 1) * options.rounds
    tokens, pets = prepare_catalogue(
        bench.stack, server, ceil(needed / ADOPTERS), ADOPTERS, options.out
    )
    driver = bench.driver
    driver.take(Decks(tokens))
    driver.ask(server, len(tokens), connections=FEW)
    driver.take(Swipes(tokens, pets))
    driver.rows = partial(count_swipes, bench.stack.environment["PET_DATABASE_URL"])
