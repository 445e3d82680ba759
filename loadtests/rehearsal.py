"""Rehearsing a release: stack up, seeded, loaded, read back, judged, stack down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun
from loadtests.generator import LoadOptions
from loadtests.measurement import wait_for_targets
from loadtests.result import RunPlan
from loadtests.run import judged_run, unread_run
from loadtests.scenarios.swipe_hot_path import STEPS
from loadtests.stack import embedded_stack
from loadtests.target import check_target
from slo.prometheus import Prometheus, UnreachableError
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from loadtests.recording import Progress
    from loadtests.result import RunResult
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
    # The generator speaks for many people, each with an address and a limit of their own.
    environment = {"PET_FAULT": options.fault, "PET_TRUSTED_PROXIES": "127.0.0.1"}
    arguments = ["--workers", str(options.workers), "--no-exporters"]
    arguments += ["--scrape-interval", duration(SCRAPE_INTERVAL)]
    with embedded_stack(options.out, arguments, environment, say) as stack:
        say("seeding pets and adopters")
        plan = RunPlan(
            "Release rehearsal",
            options.slos,
            _seed(stack, options),
            SCRAPE_INTERVAL,
            started,
            options.fault,
        )
        check_target(stack.api, STEPS)
        try:
            with Prometheus(stack.prometheus) as prometheus:
                wait_for_targets(prometheus, stack.targets, stack.check)
                return judged_run(
                    plan, prometheus, stack.check, show, lambda: stack.rows()[SWIPES_TABLE]
                )
        except (InvalidRun, UnreachableError) as error:
            return unread_run(plan, _reason(stack, error))


def _seed(stack: Stack, options: RehearsalOptions) -> LoadOptions:
    password = secrets.token_urlsafe(16)
    accounts = options.out / "accounts.txt"
    stack.command(
        "seed",
        *("--adopters", str(options.adopters), "--accounts", str(accounts.resolve())),
        environment={"PET_SEED_PASSWORD": password},
    )
    return LoadOptions(
        stack.api, options.adopters, options.seconds, accounts, password, options.out
    )


def _reason(stack: Stack, error: Exception) -> str:
    """Prefer the stack's own words: a Prometheus that does not answer has mostly been stopped."""
    try:
        stack.wait_for_end()
        stack.check()
    except InvalidRun as down:
        return str(down)
    return str(error)
