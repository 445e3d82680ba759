"""What growth costs: a swipe and a deck beside few and many swipes, and a scrape by its series.

One server for each size, all beside one PostgreSQL and in turn, so that what disturbs meets all.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from loadtests.bench.grown import ADOPTERS, DECK, SWIPE, grown
from loadtests.bench.machine import choose_cores, describe_machine
from loadtests.bench.report import BenchResult
from loadtests.bench.statistics import estimate
from loadtests.bench.trend import Trend
from loadtests.bench.verdict import Check
from loadtests.errors import InvalidRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.bench.grown import Grown, Options
    from loadtests.bench.rounds import Sample

NAME = "growth"
TITLE = "What a swipe and a deck cost as swipes pile up"
SIZES = (10_000, 100_000, 1_000_000)
PETS = 100_000
MOST_GROWTH = 1.15
REQUESTS = {SWIPE: "POST /api/swipes", DECK: "GET /api/deck that has to build it,"}
FILLED = (
    "A table has its size in the middle of the run. Its rows were stored in the order of time, "
    "into indexes that were there already, with ids of their time, as the application stores them."
)
STEADY_STATE = (
    "Measured is the steady state of a service under full load: servers and their connections stay "
    "for all rounds, what is used is in memory as far "
    "as PostgreSQL's settings allow, and no checkpoint or vacuum comes between. Right after a "
    "checkpoint, pages go to the log as a whole once more, some five of them for a swipe beside a "
    "million; at thousands of swipes a second that is over within seconds of the minutes between "
    "two checkpoints."
)


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
        "swipes a round": options.swipes,
        "decks a round": options.decks,
    }
    sizes = sorted(options.sizes)
    about = {
        f"{what}, {size:,}": f"{request} beside {size:,} swipes of {ADOPTERS:,} adopters"
        for what, request in REQUESTS.items()
        for size in sizes
    }
    samples: list[Sample] = []
    trends: list[Trend] = []
    found = partial(BenchResult, NAME, TITLE, started, machine, about, samples, trends=trends)
    try:
        with grown(options, cores, say) as bench:
            notes = _notes(bench)
            _measure(bench, samples, say)
            say("scraping while series become more")
            trends += [*by_swipes(samples, sizes), bench.scrapes()]
        return found(judge(samples, sizes), notes=notes)
    except InvalidRun as error:
        return found(invalid=str(error))


def judge(samples: Sequence[Sample], sizes: Sequence[int]) -> list[Check]:
    """Compare the largest with the smallest in each round; raises InvalidRun for too few."""
    few, many = (_costs(samples, SWIPE, size) for size in (min(sizes), max(sizes)))
    ratio = estimate([later / first for first, later in zip(few, many, strict=True)])
    name = f"a swipe beside {max(sizes):,} costs API and PostgreSQL of one beside {min(sizes):,}"
    return [Check(name, MOST_GROWTH, ratio)]


def by_swipes(samples: Sequence[Sample], sizes: Sequence[int]) -> list[Trend]:
    """Fit a line to what each request costs by size; one size alone has none."""
    return [
        Trend(
            f"CPU of API and PostgreSQL for a {what}",
            "µs",
            "swipes stored",
            [(size, _costs(samples, what, size)) for size in sizes],
        )
        for what in REQUESTS
        if len(sizes) > 1
    ]


def _costs(samples: Sequence[Sample], what: str, size: int) -> list[float]:
    """Return CPU of server and PostgreSQL a request in microseconds, by round."""
    return [s.cpu + s.behind["postgres"] for s in samples if s.variant == f"{what}, {size:,}"]


def _measure(bench: Grown, samples: list[Sample], say: Callable[[str], None]) -> None:
    """Add the samples of all rounds as they come."""
    for number, servers in bench.rounds():
        found = bench.measure(number, servers)
        told = ", ".join(f"{s.variant}: {s.cpu:,.0f} + {s.behind['postgres']:,.0f}" for s in found)
        say(f"round {number} of {bench.options.rounds}, µs of API and PostgreSQL: {told}")
        samples += found


def _notes(bench: Grown) -> list[str]:
    stored = ", ".join(f"{name} ({f.megabytes:,.0f} MB)" for name, f in bench.databases.items())
    pets = f"Each size has a database with {bench.options.pets:,} pets and so many swipes"
    return [f"{pets}: {stored}. {FILLED}", STEADY_STATE]
