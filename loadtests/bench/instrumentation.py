"""What telemetry costs: the service with none, with its own, and with the public libraries.

The two limits are ratios of CPU a request within one run, so that they hold on any machine.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loadtests.bench.machine import choose_cores, describe_machine, pinned
from loadtests.bench.report import BenchResult
from loadtests.bench.rounds import SETTLING, Bench
from loadtests.bench.servers import Variant
from loadtests.bench.statistics import estimate
from loadtests.bench.swiping import NEW, prepare_swipes
from loadtests.bench.verdict import Check
from loadtests.errors import InvalidRun
from loadtests.stack import embedded_stack

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from loadtests.bench.client import Job
    from loadtests.bench.machine import Cores
    from loadtests.bench.rounds import Sample
    from loadtests.bench.servers import Running

NAME = "instrumentation"
TITLE = "Cost of telemetry on POST /api/swipes as FastAPI's route answers it"
NONE, OURS, PUBLIC = "none", "ours", "public"
TRACE_RATIO = "0.1"
SERVE = ("app", "serve", "--port", "{port}", "--management-port", "{management}")
VARIANTS = (
    Variant(
        NONE,
        "the service with PET_TELEMETRY=none",
        SERVE,
        {"PET_TELEMETRY": "none"},
        tells=False,
    ),
    Variant(
        OURS,
        "metrics, JSON access log, and traces: 10 % and every error, to a collector over OTLP",
        SERVE,
        {
            "PET_TELEMETRY": "full",
            "PET_OTLP_ENDPOINT": "{sink}",
            "PET_TRACE_RATIO": TRACE_RATIO,
        },
    ),
    Variant(
        PUBLIC,
        "none, and prometheus-fastapi-instrumentator, a JSON access log by logging, and "
        "OpenTelemetry's instrumentations of FastAPI, SQLAlchemy and Redis: 10 % over OTLP",
        ("loadtests.bench.public_app", "{port}"),
        {
            "PET_TELEMETRY": "none",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "{sink}",
            "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG": TRACE_RATIO,
        },
    ),
)
# Nobody is sent away: the load speaks for a few people from one address.
MANY = "1000000000"
SETTINGS = {
    "PET_RATE_LIMIT_USER": MANY,
    "PET_RATE_LIMIT_IP": MANY,
    "PET_RATE_LIMIT_ANONYMOUS": MANY,
    # The passwords are thrown away with the database.
    "PET_BCRYPT_ROUNDS": "4",
}
MOST_WARM_UP = 200
OVERHEAD = 0.10
OF_PUBLIC = 0.25


@dataclass(frozen=True, slots=True)
class Options:
    """What the bench can be told."""

    rounds: int
    requests: int
    out: Path


def measure(options: Options, say: Callable[[str], None]) -> BenchResult:
    """Measure, and judge; what cannot be judged is an invalid result.

    Raises MisuseError and LoadTestError when there was no measurement at all.
    """
    started = datetime.now(UTC)
    cores = choose_cores()
    machine = {
        **describe_machine(),
        "server alone on its core": cores.apart,
        "rounds": options.rounds,
        "requests a round": options.requests,
    }
    variants = {variant.name: variant.about for variant in VARIANTS}
    samples: list[Sample] = []
    try:
        samples = _samples(options, cores, say)
        checks = judge(samples)
    except InvalidRun as error:
        return BenchResult(NAME, TITLE, started, machine, variants, samples, invalid=str(error))
    return BenchResult(NAME, TITLE, started, machine, variants, samples, checks)


def judge(samples: Sequence[Sample]) -> list[Check]:
    """Compare the variants of each round; raises InvalidRun when that tells nothing."""
    rounds: dict[int, dict[str, float]] = {}
    for sample in samples:
        rounds.setdefault(sample.round, {})[sample.variant] = sample.cpu
    overhead = estimate([(cpu[OURS] - cpu[NONE]) / cpu[NONE] for cpu in rounds.values()])
    if any(cpu[PUBLIC] <= cpu[NONE] for cpu in rounds.values()):
        raise InvalidRun("in some round the public libraries cost nothing: it is too noisy here")
    share = [(cpu[OURS] - cpu[NONE]) / (cpu[PUBLIC] - cpu[NONE]) for cpu in rounds.values()]
    return [
        Check("ours adds to none", OVERHEAD, overhead),
        Check("ours adds of what public adds", OF_PUBLIC, estimate(share)),
    ]


def _samples(options: Options, cores: Cores, say: Callable[[str], None]) -> list[Sample]:
    warm_up = min(options.requests, MOST_WARM_UP)
    needed = (options.requests + warm_up + SETTLING) * options.rounds * len(VARIANTS)
    arguments = ["--bare", "--workers", str(len(VARIANTS))]
    with ExitStack() as cleanup:
        with pinned(cores.others):
            stack = cleanup.enter_context(embedded_stack(options.out, arguments, SETTINGS, say))

        def prepare(server: Running) -> Callable[[Running, int], Job]:
            say("seeding pets and adopters")
            return prepare_swipes(stack, server, needed, options.out).job

        say("starting the servers")
        bench = Bench(
            VARIANTS,
            {**SETTINGS, **stack.environment},
            prepare,
            NEW,
            {name: stack.processes[name] for name in ("postgres", "valkey")},
            cores,
            options.out / "logs",
        )
        return bench.measure(options.rounds, options.requests, warm_up, say)
