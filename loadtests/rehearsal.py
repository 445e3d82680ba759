"""Rehearsing a release: stack up, seeded, loaded, read back, judged, stack down."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from alerts.load_generator import LOAD
from loadtests.errors import InvalidRun
from loadtests.generator import read_accounts
from loadtests.judging.model import Check
from loadtests.measurement import wait_for_targets
from loadtests.plan import LoadOptions
from loadtests.run import Around, judged_run, unread_run
from loadtests.stack import embedded_stack, name_target
from loadtests.target import check_target
from slo.ports import free_port
from slo.prometheus import Prometheus, UnreachableError
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.options import Asked
    from loadtests.recording import Progress
    from loadtests.result import RunResult
    from loadtests.stack import Stack

# A minute at the service's own 15 s would be four points.
SCRAPE_INTERVAL = timedelta(seconds=2)
SWIPES_TABLE = "swipes"


@dataclass(frozen=True, slots=True)
class RehearsalOptions:
    """What `rehearse` can be told besides its load: workers of the API, and a fault in them."""

    asked: Asked
    workers: int
    fault: str


def rehearse(
    options: RehearsalOptions, say: Callable[[str], None], show: Callable[[Progress], None]
) -> RunResult:
    """Run a whole rehearsal and return what it has shown.

    A stack that goes down, a Prometheus that stops answering and people who cannot prepare end in
    an invalid result. Raises MisuseError and LoadTestError when there was no run at all.
    """
    started = datetime.now(UTC)
    # The generator speaks for many people, each with an address and a limit of their own.
    environment = {"PET_FAULT": options.fault, "PET_TRUSTED_PROXIES": "127.0.0.1"}
    arguments = ["--workers", str(options.workers), "--no-exporters"]
    arguments += ["--scrape-interval", duration(SCRAPE_INTERVAL)]
    with embedded_stack(options.asked.out, arguments, environment, say) as stack:
        say("seeding pets and adopters")
        load = _seed(stack, options.asked)
        plan = options.asked.run_plan(
            "Release rehearsal", load, SCRAPE_INTERVAL, started, options.fault
        )
        check_target(stack.api, options.asked.scenario.operations)
        try:
            with Prometheus(stack.prometheus) as prometheus:
                wait_for_targets(prometheus, stack.targets, stack.check)
                around = Around(prometheus, stack.check, say, show, partial(_swipes, stack))
                return _with_an_end_of(stack, judged_run(plan, around))
        except (InvalidRun, UnreachableError) as error:
            return unread_run(plan, _reason(stack, error))


def _swipes(stack: Stack) -> int:
    return stack.rows()[SWIPES_TABLE]


def _seed(stack: Stack, asked: Asked) -> LoadOptions:
    """Make pets, and accounts of the kind that the scenario's people have."""
    # Prometheus takes up new targets every five seconds, and seeding lasts as long.
    port = free_port()
    name_target(stack.target_files, LOAD, port)
    password = secrets.token_urlsafe(16)
    adopters, shelters = asked.out / "accounts.txt", asked.out / "shelters.txt"
    stack.command(
        "seed",
        *("--adopters", str(asked.plan.sessions), "--accounts", str(adopters.resolve())),
        *("--shelter-accounts", str(shelters.resolve())),
        environment={"PET_SEED_PASSWORD": password},
    )
    accounts = shelters if asked.scenario.shelters else adopters
    if asked.scenario.accounts:
        read_accounts(accounts, asked.plan.sessions)
    return LoadOptions(stack.api, asked.plan, accounts, password, asked.out, asked.processes, port)


def _with_an_end_of(stack: Stack, result: RunResult) -> RunResult:
    """Add why the stack went down to a run that is no evidence: it may be why."""
    if not any(attempt.invalid for attempt in result.attempts):
        return result
    try:
        stack.wait_for_end()
        stack.check()
    except InvalidRun as down:
        check = Check("stack", "The stack stayed up", passed=False, detail=str(down))
        last = replace(result.last, checks=(check, *result.last.checks))
        return replace(result, attempts=(*result.attempts[:-1], last))
    return result


def _reason(stack: Stack, error: Exception) -> str:
    """Prefer the stack's own words: a Prometheus that does not answer has mostly been stopped."""
    try:
        stack.wait_for_end()
        stack.check()
    except InvalidRun as down:
        return str(down)
    return str(error)
