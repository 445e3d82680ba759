"""Whether Prometheus has all of a window: targets up, scrapes without gaps, nothing restarted."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from app.telemetry.catalog import HTTP_DURATION, JOB
from loadtests.judging.model import Check
from slo.prometheus import PrometheusError
from slo.promql import Matcher, Selector, duration, labels
from slo.queries import timestamp

if TYPE_CHECKING:
    from slo.prometheus import Prometheus
    from slo.queries import Between

TARGETS = labels({"job": JOB})
UP = f"up{TARGETS}"
REQUESTS = Selector(HTTP_DURATION, f"{HTTP_DURATION.name}_count", (Matcher("job", "=", JOB),))
# A scrape now and then comes late on a busy machine; a tenth of them missing is a gap.
WHOLE = 0.9
# So many intervals without a scrape are a gap, however many there were before and after.
LONGEST = 3


def scraped(
    prometheus: Prometheus, window: Between, targets: int, interval: timedelta
) -> list[Check]:
    """Check that every target was scraped through the window, and that none restarted.

    `targets` is how many there were before the load. What cannot be asked has not passed.
    """
    return [
        _targets(prometheus, window, targets),
        _up(prometheus, window),
        _whole(prometheus, window, interval),
        _counters(prometheus, window),
    ]


def _targets(prometheus: Prometheus, window: Between, targets: int) -> Check:
    found, problem = _ask(prometheus, f"count(count_over_time({_over(UP, window)}))")
    same = found == targets > 0
    detail = problem or f"{found:g} targets were scraped, {targets} were there before the load"
    return Check("targets", "The same targets were there throughout", same, detail)


def _up(prometheus: Prometheus, window: Between) -> Check:
    query = f"min(min_over_time({_over(UP, window)}))"
    up, problem = _ask(prometheus, query)
    detail = problem or "every scrape of every target succeeded"
    if up is not None and up != 1:
        detail = f"a target was down for at least one scrape: {query}"
    return Check("targets-up", "Every target was up all the time", up == 1, detail)


def _whole(prometheus: Prometheus, window: Between, interval: timedelta) -> Check:
    """Count the scrapes, and look at every moment for one that is not long ago."""
    # Of a number that is no whole one there are as many as fit: 70 s of one every 15 s are four.
    wanted = math.floor(_whole_seconds(window) / interval * WHOLE)
    fewest, problem = _ask(prometheus, f"min(count_over_time({_over(UP, window)}))")
    step = timedelta(seconds=max(1, math.ceil(interval.total_seconds())))
    # Unlike an instant it does not see a target that is gone for another five minutes.
    lately = f"count_over_time({UP}[{duration(step * LONGEST)}])"
    looks = f"[{_length(window)}:{duration(step)}] @ {timestamp(window.end)}"
    seen, unknown = _ask(prometheus, f"min(count_over_time(({lately}){looks}))")
    if fewest is None or seen is None:
        return _scrapes(passed=False, detail=problem or unknown)
    moments = _whole_seconds(window) // step
    detail = (
        f"every target was scraped at least {fewest:g} times, {wanted} wanted, and within "
        f"{duration(step * LONGEST)} at {seen:g} of at least {moments} moments"
    )
    return _scrapes(passed=fewest >= wanted and seen >= moments, detail=detail)


def _scrapes(*, passed: bool, detail: str) -> Check:
    return Check("scrapes", "Targets were scraped without a gap", passed, detail)


def _counters(prometheus: Prometheus, window: Between) -> Check:
    """Look for counters that fell, series that went, and processes that began.

    A restart of a process whose counters soon were higher than before is only seen by the latter.
    """
    begun = f"sum(changes({_over(f'process_start_time_seconds{TARGETS}', window)})) or vector(0)"
    # One that began before its first scrape in the window changes nothing there.
    since = f"@ {timestamp(window.end)} > {timestamp(window.start)}"
    young = f"count(process_start_time_seconds{TARGETS} {since}) or vector(0)"
    queries = (window.resets(REQUESTS) or "", begun, young)
    asked = [(query, *_ask(prometheus, query)) for query in queries]
    problems = [problem for _, _, problem in asked if problem]
    broken = [f"{found:g} by {query}" for query, found, _ in asked if found]
    detail = "; ".join(problems) or "no counter fell, no series went, no process began"
    if broken:
        detail = f"a process restarted or was lost: {'; '.join((*broken, *problems))}"
    title = "Counters only grew"
    return Check("counters", title, not broken and not problems, detail)


def _over(series: str, window: Between) -> str:
    return f"{series}[{_length(window)}] @ {timestamp(window.end)}"


def _length(window: Between) -> str:
    return duration(_whole_seconds(window))


def _whole_seconds(window: Between) -> timedelta:
    """Return no more than the length: before the window nobody promised anything."""
    return timedelta(seconds=max(1, int((window.end - window.start).total_seconds())))


def _ask(prometheus: Prometheus, query: str) -> tuple[float | None, str]:
    """Return a number, or why there is none."""
    try:
        return float(prometheus.number(query)), ""
    except PrometheusError as error:
        return None, " ".join(str(error).split())
