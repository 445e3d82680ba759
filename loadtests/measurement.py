"""Reading a run back from Prometheus: when to read, and whether what is there is whole."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from app.telemetry.catalog import HTTP_DURATION, JOB, ROUTE, STATUS, SWIPES
from loadtests.errors import InvalidRun
from loadtests.judging.scrapes import UP
from slo.objectives import FAILED, requests
from slo.prometheus import NoDataError, Series
from slo.promql import Matcher, Selector, quoted
from slo.queries import Between, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.telemetry.model import Route
    from slo.prometheus import Prometheus

WAIT_SECONDS = 60
LOOK_EVERY_SECONDS = 0.25
QUANTILES = (0.5, 0.95, 0.99)
# Of a range Prometheus gives 11,000 at most, and a drawing shows far fewer.
MOST_POINTS = 2_000
JOB_MATCHER = Matcher("job", "=", JOB)


@dataclass(frozen=True, slots=True)
class Measured:
    """A number and the query that gives it again; None when there is no data."""

    value: float | None
    query: str


@dataclass(frozen=True, slots=True)
class OperationServed:
    """One operation as the service counted it within the window; quantiles in seconds."""

    name: str
    requests: Measured
    failures: Measured
    quantiles: dict[float, Measured]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over the time of the load, and the query that gives them again."""

    title: str
    unit: str
    query: str
    series: list[Series]


def wait_for_targets(prometheus: Prometheus, targets: int, still_valid: Callable[[], None]) -> None:
    """Wait until every worker has been scraped once; raises InvalidRun when it never is."""
    _wait(prometheus, f"count({UP} == 1)", targets, "scraped every worker", still_valid)


def healthy_targets(prometheus: Prometheus) -> int:
    """Count the workers whose last scrape succeeded; raises InvalidRun without any."""
    found = int(_value(prometheus, f"count({UP} == 1)") or 0)
    if not found:
        raise InvalidRun("Prometheus scrapes no worker of the API that is up")
    return found


def wait_for_scrape_after(
    moment: datetime, prometheus: Prometheus, still_valid: Callable[[], None]
) -> datetime:
    """Wait until every worker has been scraped after a moment; returns a time that sees it."""
    query = f"min(timestamp({UP}))"
    _wait(prometheus, query, moment.timestamp(), "scraped after the load", still_valid)
    return datetime.now(UTC)


def _wait(
    prometheus: Prometheus,
    query: str,
    at_least: float,
    what: str,
    still_valid: Callable[[], None],
) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        still_valid()
        found = _value(prometheus, query)
        if found is not None and found >= at_least:
            return
        if time.monotonic() > deadline:
            raise InvalidRun(f"Prometheus has not {what} within {WAIT_SECONDS} s: {query}")
        time.sleep(LOOK_EVERY_SECONDS)


def stored_swipes(prometheus: Prometheus, window: Between) -> Measured:
    """Count the swipes that the service says it has stored within the window."""
    return _read(prometheus, window.count(Selector(SWIPES, SWIPES.name, (JOB_MATCHER,))))


def served(
    prometheus: Prometheus, window: Between, operations: Sequence[Route]
) -> list[OperationServed]:
    """Read what the service counted of each operation."""
    return [_served(prometheus, window, operation) for operation in operations]


def _served(prometheus: Prometheus, window: Between, step: Route) -> OperationServed:
    total = Selector(HTTP_DURATION, f"{HTTP_DURATION.name}_count", requests(step))
    failed = total.where(FAILED)
    count = window.count(total)
    failures = f"({window.count(failed)}) or 0 * ({count})"
    return OperationServed(
        step.operation,
        _read(prometheus, count),
        _read(prometheus, failures),
        {share: _read(prometheus, _quantile(share, step, window)) for share in QUANTILES},
    )


def _quantile(share: float, step: Route, window: Between) -> str:
    bucket = Selector(HTTP_DURATION, f"{HTTP_DURATION.name}_bucket", requests(step))
    ended = f"sum by (le) ({bucket} @ {timestamp(window.end)})"
    begun = f"sum by (le) ({bucket} @ {timestamp(window.start)})"
    return f"histogram_quantile({share}, {ended} - {begun})"


def charts(
    prometheus: Prometheus,
    start: datetime,
    end: datetime,
    interval: timedelta,
    operations: Sequence[Route],
) -> list[Chart]:
    """Read rate and errors of all operations over the time of the load, and quantiles of each.

    There is a point a scrape, or of a long load as many as a drawing shows.
    """
    step = max(interval, (end - start) / MOST_POINTS)
    # Five scrapes make a rate that a single late one cannot bend.
    window = interval * 5
    count = Selector(HTTP_DURATION, f"{HTTP_DURATION.name}_count", (JOB_MATCHER, _of(operations)))
    rate = f"sum by ({ROUTE.name}) (rate({count.over(window)}))"
    errors = f"sum by ({STATUS.name}) (rate({count.where(FAILED).over(window)})) > 0"
    wanted = [("Requests", "requests/s", rate), ("Server errors", "errors/s", errors)]
    for operation in operations:
        bucket = Selector(HTTP_DURATION, f"{HTTP_DURATION.name}_bucket", requests(operation))
        inner = f"sum by (le) (rate({bucket.over(window)}))"
        query = " or ".join(
            f'label_replace(1000 * histogram_quantile({share}, {inner}), "quantile", '
            f'{quoted(f"p{share * 100:g}")}, "", "")'
            for share in QUANTILES
        )
        wanted.append((f"Latency of {operation.operation}", "ms", query))
    return [
        Chart(title, unit, query, _finite(prometheus.range(query, start, end, step)))
        for title, unit, query in wanted
    ]


def _finite(series: list[Series]) -> list[Series]:
    """Drop the NaN that a quantile of no requests is: a gap in the line says the same."""
    return [Series(s.labels, [p for p in s.points if math.isfinite(p[1])]) for s in series]


def _of(operations: Sequence[Route]) -> Matcher:
    templates = dict.fromkeys(re.escape(operation.template) for operation in operations)
    return Matcher(ROUTE.name, "=~", "|".join(templates))


def _read(prometheus: Prometheus, query: str) -> Measured:
    return Measured(_value(prometheus, query), query)


def _value(prometheus: Prometheus, query: str) -> float | None:
    try:
        return float(prometheus.number(query))
    except NoDataError:
        return None
