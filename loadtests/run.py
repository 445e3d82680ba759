"""One judged run: load sent, read back from Prometheus, held against the service levels."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun
from loadtests.generator import generate
from loadtests.measurement import (
    charts,
    gaps,
    healthy_targets,
    served,
    stored_swipes,
    wait_for_scrape_after,
)
from loadtests.result import Conservation, RunResult, acknowledged_swipes
from slo.queries import Between
from slo.report import SloResult, Verdict, measure

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.recording import Progress
    from loadtests.result import RunPlan
    from slo.prometheus import Prometheus


def judged_run(
    plan: RunPlan,
    prometheus: Prometheus,
    still_valid: Callable[[], None],
    show: Callable[[Progress], None],
    rows: Callable[[], int] | None,
) -> RunResult:
    """Send the load, wait for the scrape that sees all of it, and measure.

    `still_valid` raises InvalidRun to end the run early; `rows` counts the stored swipes in the
    database, where there is a way to. Raises InvalidRun and PrometheusError.
    """
    targets = healthy_targets(prometheus)
    if targets == 0:
        raise InvalidRun("Prometheus scrapes no worker of the API that is up")
    before = 0 if rows is None else rows()
    begun = datetime.now(UTC)
    load = generate(plan.load, still_valid, show)
    window = Between(begun, wait_for_scrape_after(load.load_ended, prometheus, still_valid))
    conservation = Conservation(
        acknowledged_swipes(load),
        None if rows is None else rows() - before,
        stored_swipes(prometheus, window),
        load.unanswered,
    )
    return RunResult(
        plan,
        datetime.now(UTC),
        window=window,
        slos=measure(plan.slos, window, prometheus),
        load=load,
        served=served(prometheus, window),
        conservation=conservation,
        charts=charts(prometheus, load.load_started, load.load_ended, plan.scrape_interval),
        invalid=[
            *gaps(prometheus, window, targets, plan.scrape_interval),
            *conservation.problems(),
        ],
    )


def unread_run(plan: RunPlan, reason: str) -> RunResult:
    """Return the result of a run that could not be read back, and why."""
    unknown = [
        SloResult(slo, Verdict.NO_DATA, None, None, {}, "the run was not read back")
        for slo in plan.slos
    ]
    return RunResult(plan, datetime.now(UTC), slos=unknown, invalid=[reason])
