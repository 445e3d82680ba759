"""The command line of the benches."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from loadtests.bench import generator as load
from loadtests.bench.instrumentation import Options, measure
from loadtests.bench.report import table, write
from loadtests.progress import Screen
from slo.tables import console

if TYPE_CHECKING:
    from loadtests.bench.report import BenchResult

OUT = "Folder for results and logs.  [default: out/bench-<time>]"


@click.group()
def bench() -> None:
    """Measure what the service costs, as ratios that hold on any machine.

    A bench compares variants of the same server in one run, in turn, and judges the ratio between
    them: absolute times of one machine say nothing about another. Each takes the machine for
    itself for some minutes; whatever else runs there widens the intervals, and a ratio whose
    interval holds its limit is undecided.

    Exit codes: 0 all limits kept, 1 one is broken, 2 misuse or bad configuration, 3 undecided.
    """


@bench.command()
@click.option("--rounds", default=16, show_default=True, type=click.IntRange(1, 200))
@click.option("--requests", default=600, show_default=True, type=click.IntRange(10, 100_000))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help=OUT,
)
def instrumentation(rounds: int, requests: int, out: Path | None) -> None:
    """Measure what telemetry costs a swipe, ours beside the public libraries.

    Three servers run on one core: the service without telemetry, with its own, and with
    prometheus-fastapi-instrumentator and OpenTelemetry's instrumentations. In each round every one
    answers so many swipes; counted is the CPU time of the server's process, all its threads, a
    request. Limits: ours adds at most 10 % to none, and at most a quarter of what the public
    libraries add. At least 5 rounds are needed to tell.
    """
    folder = out or _new_folder()
    with Screen(Console(stderr=True)) as screen:
        result = measure(Options(rounds, requests, folder), screen.say)
        screen.close()
    _conclude(result, folder)


@bench.command()
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=10, show_default=True, type=click.IntRange(2, 600))
@click.option("--rate", default=load.RATE, show_default=True, type=click.IntRange(100, 100_000))
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help=OUT)
def generator(rounds: int, seconds: int, rate: int, out: Path | None) -> None:
    """Measure what a request costs the load generator, on one core of its own.

    Ours sends the swipe hot path at a planned rate, Locust's own HttpUser and FastHttpUser the same
    swipe as fast as they can, in turn, to a program that answers at once. Limits: ours needs at
    most 80 % of the core for its rate, is at most 10 ms late in 99 of 100 requests, and a request
    costs at most half of HttpUser's and one and a half of FastHttpUser's. At least 5 rounds are
    needed to tell.
    """
    folder = out or _new_folder()
    folder.mkdir(parents=True, exist_ok=True)
    with Screen(Console(stderr=True)) as screen:
        result = load.measure(load.Options(rounds, seconds, rate, folder), screen.say)
        screen.close()
    _conclude(result, folder)


def _new_folder() -> Path:
    return Path("out") / f"bench-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"


def _conclude(result: BenchResult, folder: Path) -> None:
    """Print the table, write the files, and exit with the decision's code."""
    shown = console()
    shown.print(table(result))
    for check in result.checks:
        shown.print(f"{check.sentence}: {check.outcome.value}", soft_wrap=True)
    decision = result.decision
    shown.print(f"\nverdict: {decision.outcome.value}")
    for line in (*decision.reasons, *map(str, write(result, folder))):
        shown.print(f"  {line}", soft_wrap=True)
    raise SystemExit(decision.outcome.exit_code)
