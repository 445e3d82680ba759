"""A deck at full speed that is in the cache: ours with everything on, beside a naive service."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from loadtests.bench.hot_path import FEW, NAIVE, OURS, VARIANT_NAIVE, VARIANT_OURS
from loadtests.bench.machine import choose_cores
from loadtests.bench.report import BenchResult
from loadtests.bench.saturation import Options, conditions, how_busy, ratios, saturating
from loadtests.bench.statistics import estimate
from loadtests.bench.supply import Decks
from loadtests.bench.swiping import prepare_catalogue
from loadtests.bench.verdict import AtLeast, times
from loadtests.errors import InvalidRun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.bench.rounds import Sample
    from loadtests.bench.saturation import Saturation
    from loadtests.bench.servers import Running
    from loadtests.bench.verdict import Limit

NAME = "deck"
TITLE = "Decks at full speed"
VARIANTS = (VARIANT_NAIVE, VARIANT_OURS)
ADOPTERS = 64
PETS = 2400
PER_CORE = 25


def measure(options: Options, say: Callable[[str], None]) -> BenchResult:
    """Measure, and judge; what cannot be judged is an invalid result.

    Raises MisuseError and LoadTestError when there was no measurement at all.
    """
    started = datetime.now(UTC)
    cores = choose_cores()
    about = {variant.name: variant.about for variant in VARIANTS}
    samples: list[Sample] = []
    found = partial(BenchResult, NAME, TITLE, started, conditions(options, cores), about, samples)
    try:
        with saturating(VARIANTS, cores, options, say) as bench:
            for number, servers in bench.rounds():
                if number == 1:
                    _prepare(bench, servers)
                samples += bench.measure(number, servers)
        return found(judge(samples), notes=notes(samples))
    except InvalidRun as error:
        return found(invalid=str(error))


def judge(samples: Sequence[Sample]) -> list[Limit]:
    """Compare the two of each round; raises InvalidRun when there are too few."""
    per_core = estimate(ratios(samples, "cpu", NAIVE, OURS))
    return [AtLeast(f"ours answers … the decks of {NAIVE} per core", PER_CORE, per_core)]


def notes(samples: Sequence[Sample]) -> list[str]:
    """Say what the limit does not: throughput, and how busy the core was."""
    rate = estimate(ratios(samples, "rate", OURS, NAIVE))
    told = f"At full speed ours answers {times(rate)} the decks of {NAIVE}."
    return [told, *(how_busy(variant, samples) for variant in VARIANTS)]


def _prepare(bench: Saturation, servers: Sequence[Running]) -> None:
    """Have every adopter read a deck from every server, which remembers it from then on."""
    bench.say("seeding pets and adopters")
    (ours,) = (server for server in servers if server.variant.name == OURS)
    tokens, _ = prepare_catalogue(bench.stack, ours, PETS, ADOPTERS, bench.options.out)
    bench.driver.take(Decks(tokens))
    for server in servers:
        bench.driver.ask(server, len(tokens), connections=FEW)
