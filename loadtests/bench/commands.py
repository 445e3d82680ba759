"""The command line of the benches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

import click
from rich.console import Console

from loadtests.bench import deck as decks
from loadtests.bench import generator as load
from loadtests.bench import grown
from loadtests.bench import growth as growing
from loadtests.bench import hot_path as swipes
from loadtests.bench import slo as rules
from loadtests.bench.files import BENCHMARKS, Record, record, write
from loadtests.bench.instrumentation import Options, measure
from loadtests.bench.report import table
from loadtests.bench.saturation import Options as Turns
from loadtests.progress import Screen
from slo.tables import console

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.bench.report import BenchResult

    Callback = Callable[..., None]

Told = TypeVar("Told")
UNTOLD = ("out", "record_as")


def _outputs(command: Callback) -> Callback:
    """Add where the results of a bench go."""
    out = click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        help="Folder for results and logs.  [default: out/bench-<time>]",
    )
    recording = click.option(
        "--record",
        "record_as",
        is_flag=False,
        flag_value=Record.DECIDED.value,
        type=click.Choice([choice.value for choice in Record]),
        help=f"Write the result into {BENCHMARKS} of the current folder; an undecided one as well "
        "with `any`.",
    )
    return out(recording(command))


@click.group()
def bench() -> None:
    """Measure what the service costs, as ratios that hold on any machine.

    A bench compares variants of the same server in one run, in turn, and judges the ratio between
    them: absolute times of one machine say nothing about another. Each takes the machine for
    itself for some minutes; whatever else runs there widens the intervals, and a ratio whose
    interval holds its limit is undecided. `make bench` runs all of them.

    Exit codes: 0 all limits kept, 1 one is broken, 2 misuse or bad configuration, 3 undecided.
    """


@bench.command()
@click.option("--rounds", default=16, show_default=True, type=click.IntRange(1, 200))
@click.option("--requests", default=600, show_default=True, type=click.IntRange(10, 100_000))
@_outputs
def instrumentation(rounds: int, requests: int, out: Path | None, record_as: str | None) -> None:
    """Measure what telemetry costs a swipe, ours beside the public libraries.

    Three servers run on one core: the service without telemetry, with its own, and with
    prometheus-fastapi-instrumentator and OpenTelemetry's instrumentations. In each round every one
    answers so many swipes by FastAPI's own route, with an Idempotency-Key each; counted is the CPU
    time of the server's process, all its threads, a request. Limits: ours adds at most 10 % to
    none, and at most a quarter of what the public libraries add. At least 5 rounds are needed.
    """
    _run(measure, partial(Options, rounds, requests), out, record_as)


@bench.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=10, show_default=True, type=click.IntRange(2, 600))
@click.option("--rate", default=load.RATE, show_default=True, type=click.IntRange(100, 100_000))
@_outputs
def generator(
    rounds: int, seconds: int, rate: int, out: Path | None, record_as: str | None
) -> None:
    """Measure what a request costs the load generator, on one core of its own.

    Ours sends the swipe hot path at a planned rate, Locust's own HttpUser and FastHttpUser the same
    swipe as fast as they can, in turn, to a program that answers at once. Limits: ours needs at
    most 80 % of the core for its rate, is at most 10 ms late in 99 of 100 requests, and a request
    costs at most half of HttpUser's and one and a half of FastHttpUser's. At least 5 rounds are
    needed to tell.
    """
    _run(load.measure, partial(load.Options, rounds, seconds, rate), out, record_as)


@bench.command("hot-path")
@click.option("--rounds", default=8, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=3, show_default=True, type=click.IntRange(1, 60))
@_outputs
def hot_path(rounds: int, seconds: int, out: Path | None, record_as: str | None) -> None:
    """Measure a swipe at full speed, ours with everything on beside services as others write them.

    Each server alone on its core answers 96 connections for some seconds a turn, every request a
    new swipe; PostgreSQL, Valkey and the load have the other cores. Then ours and the naive service
    with public telemetry get planned arrivals at the rate that saturates the latter. Limits: ours
    does at least 30 times the swipes per core of that one and 4 times those of the careful service,
    with at most a tenth of the former's p99; two workers do at least 1.7 times the swipes of one,
    which at least 4 cores are needed to tell. At least 5 rounds are needed to tell anything.
    """
    _run(swipes.measure, partial(Turns, rounds, seconds), out, record_as)


@bench.command()
@click.option("--rounds", default=26, show_default=True, type=click.IntRange(1, 100))
@click.option("--swipes", default=2000, show_default=True, type=click.IntRange(10, 100_000))
@click.option("--decks", default=200, show_default=True, type=click.IntRange(10, 100_000))
@click.option(
    "--size",
    "sizes",
    multiple=True,
    default=growing.SIZES,
    show_default=True,
    type=click.IntRange(100, 2_000_000),
    help="Swipes stored; give several.",
)
@click.option(
    "--pets", default=growing.PETS, show_default=True, type=click.IntRange(10_000, 200_000)
)
@_outputs
def growth(
    rounds: int,
    swipes: int,
    decks: int,
    sizes: tuple[int, ...],
    pets: int,
    out: Path | None,
    record_as: str | None,
) -> None:
    """Measure what a swipe and a deck cost as swipes pile up, and a scrape by its series.

    PostgreSQL gets a database of each size, with 100,000 pets and 500 adopters, and each
    database a server; in each round every one answers so many swipes, and builds so many decks.
    Counted is the CPU time of the server's process and of PostgreSQL a request. Limit: the largest
    costs at most 1.15 times the smallest. At least 5 rounds are needed to tell.
    """
    _run(
        growing.measure, partial(grown.Options, rounds, swipes, decks, sizes, pets), out, record_as
    )


@bench.command()
@click.option("--rounds", default=15, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=3, show_default=True, type=click.IntRange(1, 60))
@_outputs
def deck(rounds: int, seconds: int, out: Path | None, record_as: str | None) -> None:
    """Measure a deck that is in the cache, ours with everything on beside a naive service.

    Each server alone on its core answers 96 connections for some seconds a turn, every answer a
    deck of 100 pets. Limit: ours answers at least 25 times as many per core. At least 5 rounds are
    needed to tell.
    """
    _run(decks.measure, partial(Turns, rounds, seconds), out, record_as)


@bench.command()
@click.option("--slos", default=50, show_default=True, type=click.IntRange(1, 100))
@click.option("--series", default=120, show_default=True, type=click.IntRange(20, 1000))
@_outputs
def slo(slos: int, series: int, out: Path | None, record_as: str | None) -> None:
    """Measure what the rules of service levels cost Prometheus, ours beside Sloth's and Pyrra's.

    A Prometheus on a month of made-up counters evaluates every rule of every service level once;
    counted are the time that it takes and the samples that it reads, as often as rules are
    evaluated in a day. Limits: ours take at most a fifth of the time and of the samples of either.
    At least 5 service levels are needed to tell.
    """
    _run(rules.measure, partial(rules.Options, slos, series), out, record_as)


def _run(
    measure: Callable[[Told, Callable[[str], None]], BenchResult],
    options: Callable[[Path], Told],
    out: Path | None,
    record_as: str | None,
) -> NoReturn:
    """Measure while showing how far it is, and conclude; `options` lack only their folder."""
    folder = out or Path("out") / f"bench-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    told = options(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with Screen(Console(stderr=True)) as screen:
        result = measure(told, screen.say)
    _conclude(result, folder, record_as)


def _conclude(result: BenchResult, folder: Path, record_as: str | None) -> NoReturn:
    """Print the table, write the files, and exit with the decision's code."""
    result = replace(result, command=_command(click.get_current_context()))
    shown = console()
    shown.print(table(result))
    for sentence in (
        *(f"{check.sentence}: {check.outcome.value}" for check in result.checks),
        *(trend.sentence for trend in result.trends),
    ):
        shown.print(sentence, soft_wrap=True)
    decision = result.decision
    shown.print(f"\nverdict: {decision.outcome.value}")
    written = [str(path) for path in write(result, folder)]
    if record_as:
        written.append(record(result, Path(BENCHMARKS), Record(record_as)))
    for line in (*decision.reasons, *written):
        shown.print(f"  {line}", soft_wrap=True)
    raise SystemExit(decision.outcome.exit_code)


def _command(context: click.Context) -> str:
    """Write what makes this measurement again, its defaults included."""
    words = ["python -m loadtests bench", str(context.info_name)]
    for option in context.command.params:
        given = context.params[option.name or ""]
        if option.name not in UNTOLD and given is not None:
            values = given if isinstance(given, tuple) else (given,)
            words += [f"{option.opts[0]} {value}" for value in values]
    return " ".join(words)
