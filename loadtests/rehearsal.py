"""Rehearsing a release: stack up, seeded, loaded, read back, judged, stack down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun
from loadtests.generator import LoadOptions, LoadResult, generate, read_accounts
from loadtests.measurement import (
    charts,
    gaps,
    served,
    stored_swipes,
    wait_for_scrape_after,
    wait_for_targets,
)
from loadtests.result import Conservation, RunResult, acknowledged_swipes
from loadtests.scenarios.swipe_hot_path import STEPS
from loadtests.stack import embedded_stack
from loadtests.target import check_target
from slo.prometheus import Prometheus, UnreachableError
from slo.promql import duration
from slo.queries import Between
from slo.report import SloResult, Verdict, measure

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadtests.recording import Progress
    from loadtests.stack import Stack
    from slo.model import Slo

# A minute at the service's own 15 s would be four points.
SCRAPE_INTERVAL = timedelta(seconds=2)
SWIPES_TABLE = "swipes"


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """What `rehearse` can be told."""

    slos: tuple[Slo, ...]
    adopters: int
    seconds: int
    workers: int
    fault: str
    out: Path


def rehearse(
    options: RehearsalOptions, say: Callable[[str], None], show: Callable[[Progress], None]
) -> RunResult:
    """Run a whole rehearsal and return what it has shown.

    A stack that goes down, a Prometheus that stops answering and adopters who cannot log in end in
    an invalid result. Raises MisuseError and LoadTestError when there was no run at all.
    """
    started = datetime.now(UTC)
    environment = {"PET_FAULT": options.fault}
    interval = duration(SCRAPE_INTERVAL)
    with embedded_stack(options.out, options.workers, interval, environment, say) as stack:
        load = _seed(stack, options, say)
        check_target(stack.api, STEPS)
        try:
            with Prometheus(stack.prometheus) as prometheus:
                return _judge(options, stack, prometheus, load, started, show)
        except (InvalidRun, UnreachableError) as error:
            reason = _reason(stack, error)
    return _result(options, started, None, None, invalid=[reason])


def _seed(stack: Stack, options: RehearsalOptions, say: Callable[[str], None]) -> LoadOptions:
    say("seeding pets and adopters")
    password = secrets.token_urlsafe(16)
    accounts = options.out / "accounts.txt"
    stack.command(
        "seed",
        *("--adopters", str(options.adopters), "--accounts", str(accounts.resolve())),
        environment={"PET_SEED_PASSWORD": password},
    )
    read_accounts(accounts, options.adopters)
    return LoadOptions(
        stack.api, options.adopters, options.seconds, accounts, password, options.out
    )


def _judge(  # the parts of a run
    options: RehearsalOptions,
    stack: Stack,
    prometheus: Prometheus,
    planned: LoadOptions,
    started: datetime,
    show: Callable[[Progress], None],
) -> RunResult:
    wait_for_targets(prometheus, stack.targets, stack.check)
    rows_before = stack.rows()[SWIPES_TABLE]
    window_start = datetime.now(UTC)
    load = generate(planned, stack.check, show)
    window = Between(window_start, wait_for_scrape_after(load.load_ended, prometheus, stack.check))
    conservation = Conservation(
        acknowledged_swipes(load),
        stack.rows()[SWIPES_TABLE] - rows_before,
        stored_swipes(prometheus, window),
        load.unanswered,
    )
    return RunResult(
        title="Release rehearsal",
        fault=options.fault,
        adopters=options.adopters,
        seconds=options.seconds,
        started=started,
        ended=datetime.now(UTC),
        window=window,
        slos=measure(options.slos, window, prometheus),
        load=load,
        served=served(prometheus, window),
        conservation=conservation,
        charts=charts(prometheus, load.load_started, load.load_ended, SCRAPE_INTERVAL),
        invalid=[
            *gaps(prometheus, window, stack.targets, SCRAPE_INTERVAL),
            *conservation.problems(),
        ],
    )


def _reason(stack: Stack, error: Exception) -> str:
    """Prefer the stack's own words: a Prometheus that does not answer has mostly been stopped."""
    try:
        stack.check()
    except InvalidRun as down:
        return str(down)
    return str(error)


def _result(
    options: RehearsalOptions,
    started: datetime,
    window: Between | None,
    load: LoadResult | None,
    invalid: list[str],
) -> RunResult:
    """Return the result of a run that could not be read back."""
    unknown = [
        SloResult(slo, Verdict.NO_DATA, None, None, {}, "the run was not read back")
        for slo in options.slos
    ]
    return RunResult(
        title="Release rehearsal",
        fault=options.fault,
        adopters=options.adopters,
        seconds=options.seconds,
        started=started,
        ended=datetime.now(UTC),
        window=window,
        slos=unknown,
        load=load,
        served=[],
        conservation=None,
        charts=[],
        invalid=invalid,
    )
