"""What a request costs the generator: ours by a plan, beside Locust's own users at full speed.

All send to a program that answers at once; each has one core to itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.arrivals.schedule import Schedule, Step
from loadtests.bench.machine import choose_cores, describe_machine, pinned
from loadtests.bench.report import BenchResult
from loadtests.bench.rounds import Sample
from loadtests.bench.statistics import estimate
from loadtests.bench.verdict import Check
from loadtests.errors import InvalidRun
from loadtests.generator import generate
from loadtests.judging.validity import LAG_SHARE
from loadtests.load import merged
from loadtests.plan import LoadOptions, LoadPlan
from loadtests.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtests.load import Load

NAME = "generator"
TITLE = "Cost of a request to the load generator"
OURS, STOCK, FAST = "ours", "HttpUser", "FastHttpUser"
VARIANTS = {
    OURS: "planned arrivals of the swipe hot path, decks and matches included, measured from "
    "their intended start, with a trace and an address each",
    STOCK: "Locust's HttpUser: the same POST over and over, as fast as it can",
    FAST: "Locust's FastHttpUser: the same",
}
STOCKFILE = Path(__file__).parent / "stock.py"
CLASSES = {STOCK: "Stock", FAST: "Fast"}
SESSIONS = 100
# What a request may cost beside theirs; ours reads decks besides, and notes a trace and a plan.
MOST = {STOCK: 0.5, FAST: 1.5}
# By whoever sizes a generator: so many requests a second, within four fifths of a core, on time.
RATE = 5000
SHARE_OF_CORE = 0.8
LAG_SECONDS = 0.010
WARM_UP_SECONDS = 2
END_SECONDS = 60
MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What the bench can be told."""

    rounds: int
    seconds: int
    rate: int
    out: Path


@dataclass(frozen=True, slots=True)
class Turn:
    """One generator in one round; how late it was only where there was a plan."""

    sample: Sample
    lag: float | None = None


def measure(options: Options, say: Callable[[str], None]) -> BenchResult:
    """Measure, and judge; what cannot be judged is an invalid result.

    Raises MisuseError and LoadTestError when there was no measurement at all.
    """
    started = datetime.now(UTC)
    cores = choose_cores()
    machine = {
        **describe_machine(),
        "generator alone on its core": cores.apart,
        "rounds": options.rounds,
        "planned for ours": f"{options.rate}/s for {options.seconds} s a round",
    }
    turns: list[Turn] = []
    try:
        with _answering(cores.others) as url:
            for number in range(options.rounds):
                # In turn from both ends: what changes slowly meets all alike.
                order = tuple(VARIANTS) if number % 2 == 0 else tuple(reversed(VARIANTS))
                for name in order:
                    say(f"round {number + 1} of {options.rounds}: {name}")
                    with pinned(cores.server):
                        turns.append(_turn(name, number, url, options))
        checks = judge(turns, options.rate)
    except InvalidRun as error:
        samples = [turn.sample for turn in turns]
        return BenchResult(NAME, TITLE, started, machine, VARIANTS, samples, invalid=str(error))
    samples = [turn.sample for turn in turns]
    return BenchResult(NAME, TITLE, started, machine, VARIANTS, samples, checks)


def judge(turns: list[Turn], rate: int) -> list[Check]:
    """Hold ours against what a plan needs, and against Locust's own."""
    cpu = {name: [t.sample.cpu for t in turns if t.sample.variant == name] for name in VARIANTS}
    late = [turn.lag for turn in turns if turn.lag is not None]
    share = estimate([used * rate / MICROSECONDS for used in cpu[OURS]])
    lag = estimate([seconds / LAG_SECONDS for seconds in late])
    checks = [
        Check(f"of one core ours needs for {rate} requests/s", SHARE_OF_CORE, share),
        Check(f"of {LAG_SECONDS * 1000:g} ms ours is late at p99", 1.0, lag),
    ]
    for name, most in MOST.items():
        ratio = [ours / theirs for ours, theirs in zip(cpu[OURS], cpu[name], strict=True)]
        checks.append(Check(f"of the CPU of {name} ours needs a request", most, estimate(ratio)))
    return checks


def _turn(name: str, number: int, url: str, options: Options) -> Turn:
    if name != OURS:
        return Turn(_stock(name, number, url, options))
    load = _load(url, number, options)
    if load.problems or load.dropped or load.planned != load.sent:
        told = "; ".join(load.problems) or f"{load.sent} of {load.planned} were sent"
        raise InvalidRun(f"round {number + 1}: {told}")
    late = load.lag.quantile(LAG_SHARE)
    (worker,) = load.workers
    step = load.steps[-1]
    seconds = sum(one.seconds for one in load.steps)
    answers = merged(step.operations.values())
    if answers.failed:
        raise InvalidRun(f"round {number + 1}: {answers.failed} requests failed")
    quantiles = (answers.good.quantile(share) or 0.0 for share in (0.5, 0.95, 0.99))
    cpu = worker.cpu * seconds / load.sent * MICROSECONDS
    rate = step.sent / step.seconds
    milliseconds = (1000 * found for found in quantiles)
    return Turn(Sample(number, OURS, load.sent, cpu, {}, rate, *milliseconds), late)


def _load(url: str, number: int, options: Options) -> Load:
    folder = options.out / f"round-{number + 1}"
    folder.mkdir(parents=True, exist_ok=True)
    accounts = folder / "accounts.txt"
    accounts.write_text("".join(f"adopter{n}@example.org\n" for n in range(SESSIONS)))
    steps = (
        Step("warm-up", options.rate, WARM_UP_SECONDS, warm_up=True),
        Step("steady", options.rate, options.seconds),
    )
    plan = LoadPlan("swipe-hot-path", Schedule(steps), SESSIONS)
    asked = LoadOptions(url, plan, accounts, "none", folder)
    return generate(asked, lambda: None, lambda _: None)


def _stock(name: str, number: int, url: str, options: Options) -> Sample:
    """Run a stock user class for the same time."""
    figures = (options.out / f"round-{number + 1}-{name}.json").resolve()
    command = [sys.executable, "-m", "locust", "--locustfile", str(STOCKFILE), "--headless"]
    command += ["--host", url, "--users", str(SESSIONS), "--spawn-rate", "100", CLASSES[name]]
    command += ["--run-time", f"{options.seconds}s", "--only-summary", "--figures", str(figures)]
    with figures.with_suffix(".log").open("wb") as log:
        child = subprocess.run(  # noqa: S603  # our own command
            command,
            cwd=ROOT,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=options.seconds + END_SECONDS,
        )
    if child.returncode or not figures.is_file():
        raise InvalidRun(f"{name} left no figures in round {number + 1}")
    seen: dict[str, Any] = json.loads(figures.read_text())
    if not seen["sent"] or seen["failed"]:
        raise InvalidRun(f"{name} failed {seen['failed']} of {seen['sent']} requests")
    cpu = seen["cpu"] / seen["sent"] * MICROSECONDS
    rate = seen["sent"] / seen["seconds"]
    return Sample(number, name, seen["sent"], cpu, {}, rate, *seen["milliseconds"])


@contextmanager
def _answering(cores: frozenset[int]) -> Iterator[str]:
    """Run the program that answers until the block ends; yields its address."""
    with pinned(cores):
        process = subprocess.Popen(
            [sys.executable, "-m", "loadtests.bench.answerer"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
    with process:
        try:
            assert process.stdout  # noqa: S101  # a pipe
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()
