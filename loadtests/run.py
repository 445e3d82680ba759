"""One judged run: load sent, read back from Prometheus, held against rules and service levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from app.telemetry.catalog import SWIPE_CREATE
from loadtests.errors import InvalidRun
from loadtests.generator import generate
from loadtests.judging.breaking import carried
from loadtests.judging.combine import confirmed, waived
from loadtests.judging.evidence import Observed
from loadtests.judging.judge import judge
from loadtests.judging.model import Check, Status
from loadtests.judging.promises import measured
from loadtests.judging.scrapes import scraped
from loadtests.judging.validity import validity
from loadtests.load import Answers
from loadtests.measurement import (
    charts,
    healthy_targets,
    served,
    stored_swipes,
    wait_for_scrape_after,
)
from loadtests.result import Attempt, Conservation, Kind, RunResult, acknowledged_swipes
from loadtests.scenarios.registry import SCENARIOS
from slo.prometheus import PrometheusError
from slo.queries import Between

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from loadtests.judging.model import Ruling
    from loadtests.load import Load
    from loadtests.recording import Progress
    from loadtests.result import RunPlan
    from loadtests.scenarios.model import Scenario
    from slo.prometheus import Prometheus

SERVER_ERROR = 500


@dataclass(frozen=True, slots=True)
class Around:
    """What a run is surrounded by.

    `still_valid` raises InvalidRun to end the run early; `rows` counts the stored swipes in the
    database, where there is a way to.
    """

    prometheus: Prometheus
    still_valid: Callable[[], None]
    say: Callable[[str], None]
    show: Callable[[Progress], None]
    rows: Callable[[], int] | None = None


def judged_run(plan: RunPlan, around: Around) -> RunResult:
    """Send the load, wait for the scrape that sees all of it, and judge.

    A failure is confirmed and an open question is asked with twice the samples, once; both stay
    visible. Whatever ends it early, or keeps it from being read back, is a check that failed.
    """
    first = _attempt(Kind.FIRST, plan, around)
    rulings = waived(first.rulings, plan.waivers)
    kind = None if first.invalid or not plan.again else _once_more(rulings)
    if kind is None:
        return RunResult(plan, datetime.now(UTC), (first,), rulings)
    around.say(f"once more, as {kind.value}")
    second = _attempt(kind, _in_its_own_folder(plan, kind), around)
    if kind is Kind.CONFIRMATION:
        final = confirmed(first.rulings, second.rulings)
    else:
        final = _judged(plan, (first, second), around.prometheus)
    return RunResult(plan, datetime.now(UTC), (first, second), waived(final, plan.waivers))


def unread_run(plan: RunPlan, reason: str) -> RunResult:
    """Return the result of a run that never came to its load, and why."""
    check = Check("begun", "The run began", passed=False, detail=reason)
    attempt = Attempt(Kind.FIRST, plan.started, (check,))
    return RunResult(plan, datetime.now(UTC), (attempt,))


def _once_more(rulings: Sequence[Ruling]) -> Kind | None:
    """Tell what another load would be for; None when it would change nothing."""
    counting = [ruling for ruling in rulings if not ruling.waiver]
    if any(ruling.status is Status.FAILED for ruling in counting):
        return Kind.CONFIRMATION
    # Of what there was nothing there will be nothing again.
    few = [r for r in counting if r.status is Status.UNDECIDED and (r.samples or r.measured)]
    return Kind.EXTENSION if few else None


def _in_its_own_folder(plan: RunPlan, kind: Kind) -> RunPlan:
    folder = plan.load.out / kind.value
    folder.mkdir(parents=True, exist_ok=True)
    return replace(plan, load=replace(plan.load, out=folder))


def _attempt(kind: Kind, plan: RunPlan, around: Around) -> Attempt:
    """Send one load and read it back, as far as it goes."""
    attempt = Attempt(kind, datetime.now(UTC), ())
    try:
        targets = healthy_targets(around.prometheus)
        before = None if around.rows is None else around.rows()
        load = generate(plan.load, around.still_valid, around.show)
        attempt = replace(attempt, load=load)
        attempt = replace(attempt, checks=_checks(load, plan))
        if not load.sent:
            return attempt
        attempt = _read_back(attempt, load, plan, around, targets)
        return _conserved(attempt, load, plan, around, before)
    except (InvalidRun, PrometheusError) as error:
        unread = Check("read-back", "The run was read back", passed=False, detail=str(error))
        return replace(attempt, checks=(*attempt.checks, unread))


def _checks(load: Load, plan: RunPlan) -> tuple[Check, ...]:
    if not plan.load.plan.climbs:
        return tuple(validity(load))
    part, check = carried(load)
    return (check, *validity(part))


def _judged_part(load: Load, window: Between, plan: RunPlan) -> tuple[Load, Between]:
    """Return what is judged of a load and its window: all, or up to where the service broke."""
    if not plan.load.plan.climbs:
        return load, window
    part, _ = carried(load)
    return part, Between(window.start, min(window.end, part.steps[-1].ended))


def _read_back(
    attempt: Attempt, load: Load, plan: RunPlan, around: Around, targets: int
) -> Attempt:
    around.say("waiting for the scrape that sees all of it")
    prometheus = around.prometheus
    end = wait_for_scrape_after(load.load_ended, prometheus, around.still_valid)
    window = Between(attempt.started, end)
    operations = _scenario(plan).operations
    checks = scraped(prometheus, window, targets, plan.scrape_interval)
    part = _judged_part(load, window, plan)
    attempt = replace(
        attempt,
        checks=(*attempt.checks, *checks),
        window=window,
        slos=measured(plan.slos, *part, prometheus),
        served=tuple(served(prometheus, window, operations)),
        charts=tuple(
            charts(prometheus, load.load_started, load.load_ended, plan.scrape_interval, operations)
        ),
    )
    return replace(attempt, rulings=_judged(plan, (attempt,), prometheus))


def _judged(
    plan: RunPlan, attempts: Sequence[Attempt], prometheus: Prometheus
) -> tuple[Ruling, ...]:
    parts = [
        _judged_part(attempt.load, attempt.window, plan)
        for attempt in attempts
        if attempt.load is not None and attempt.window is not None
    ]
    observed = Observed(
        tuple(load for load, _ in parts),
        tuple(window for _, window in parts),
        prometheus,
        plan.scrape_interval,
    )
    slos = [result for attempt in attempts for result in attempt.slos]
    return judge(plan.rules, observed, plan.baseline, slos)


def _conserved(
    attempt: Attempt, load: Load, plan: RunPlan, around: Around, before: int | None
) -> Attempt:
    """Count the swipes at three places, where the scenario swipes at all."""
    if attempt.window is None or SWIPE_CREATE not in _scenario(plan).operations:
        return attempt
    rows = None if around.rows is None or before is None else around.rows() - before
    counted = Conservation(
        acknowledged_swipes(load),
        rows,
        stored_swipes(around.prometheus, attempt.window),
        load.unanswered,
        _unsure(load),
    )
    problems = counted.problems()
    same = f"{counted.acknowledged:,} acknowledged = metric"
    same += "" if rows is None else " = rows in PostgreSQL"
    check = Check(
        "conservation",
        "Swipes are counted alike everywhere",
        passed=not problems,
        detail="; ".join(problems) or same,
    )
    return replace(attempt, conservation=counted, checks=(*attempt.checks, check))


def _unsure(load: Load) -> int:
    """Count the swipes that the service failed at, and may have stored all the same."""
    answers = load.operations.get(SWIPE_CREATE.operation, Answers())
    return sum(count for status, count in answers.statuses.items() if status >= SERVER_ERROR)


def _scenario(plan: RunPlan) -> Scenario:
    return SCENARIOS[plan.load.plan.scenario]
