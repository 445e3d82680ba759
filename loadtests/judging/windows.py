"""When to ask the service's Prometheus: of a run without its warm-ups, and of a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.judging.evidence import Evidence, span
from loadtests.rules.measures import OfSlo, Query
from slo.indicators import LatencySli
from slo.queries import Between

if TYPE_CHECKING:
    from loadtests.judging.evidence import Observed
    from loadtests.load import Load
    from slo.model import Slo

# What is counted between two moments may belong to a scrape before either of them. With five
# scrapes in a step, no more than a fifth of it is from the step before.
LEAST_SCRAPES = 5


def windows_of_run(measure: OfSlo | Query, observed: Observed) -> tuple[Between, ...]:
    """Return the windows in which a measure of the service is judged, one for each load."""
    if isinstance(measure, OfSlo):
        return windows_of(measure.slo, observed)
    given = zip(observed.loads, observed.windows, strict=False)
    # Before and after the load its rates would be those of nobody.
    return tuple(_sent(load, window) for load, window in given)


def _sent(load: Load, window: Between) -> Between:
    started, ended = span([step for step in load.steps if not step.warm_up])
    return window if started is None or ended is None else Between(started, ended)


def windows_of(slo: Slo, observed: Observed) -> tuple[Between, ...]:
    """Return the windows in which a service level is judged, one for each load."""
    given = zip(observed.loads, observed.windows, strict=False)
    return tuple(window_of(slo, load, window) for load, window in given)


def window_of(slo: Slo, load: Load, window: Between) -> Between:
    """Return the window of one load in which a service level is judged.

    It is all of it, but latencies are judged from the end of the first warm-ups on.
    """
    judged = [step.started for step in load.steps if not step.warm_up]
    if not (judged and isinstance(slo.sli, LatencySli)):
        return window
    return Between(max(window.start, min(judged)), window.end)


def windows_of_step(name: str, observed: Observed) -> tuple[Between, ...] | Evidence:
    """Return the windows of a step, or why it has none that can be asked about."""
    steps = observed.steps(name)
    started, ended = span(steps)
    least = observed.scrape_interval * LEAST_SCRAPES
    for step in steps:
        if step.ended - step.started < least:
            return Evidence(
                started=started,
                ended=ended,
                missing=f"the step lasts {step.seconds:g} s, and a scrape every "
                f"{observed.scrape_interval.total_seconds():g} s tells no less than "
                f"{least.total_seconds():g} s apart from what was before",
            )
    return tuple(Between(step.started, step.ended) for step in steps)
