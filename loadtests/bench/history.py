"""A month of scraped counters as OpenMetrics text, and what rules have recorded beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from alerts.model import RecordingRule
from slo.dump import served
from slo.promql import labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from alerts.model import RuleGroup
    from slo.prometheus import Prometheus

    Lines = Iterator[str]

METRIC, JOB = "http_requests_total", "shop"
TOTAL = f'{METRIC}{{job="{JOB}"}}'
BAD = f'{METRIC}{{job="{JOB}",error_type="error"}}'
# One bad series to twenty, as with the statuses of an API.
EACH_BAD = 20
# Rules look back 30 days.
DAYS = 31
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
# Every group has a moment of its own within the minute.
EVALUATED = timedelta(seconds=7)
END = BEGIN + timedelta(days=DAYS) - timedelta(minutes=1) + EVALUATED
SCRAPE_SECONDS = 15
# From idle to busy: most events between two scrapes.
MOST_EVENTS = (1, 6, 54)
MINUTE = timedelta(minutes=1)
# Prometheus answers with at most 11 000 points.
AT_ONCE = timedelta(days=6)


def write_counters(path: Path, series: int) -> None:
    """Write so many counters of one service, of which some count what went wrong."""
    with path.open("w") as file:
        for number in range(series):
            kind = "error" if number % EACH_BAD == 0 else ""
            named = {"job": JOB, "instance": f"i{number}", "error_type": kind}
            _write_one(file, METRIC + labels(named), MOST_EVENTS[number % len(MOST_EVENTS)])
        file.write("# EOF\n")


def _write_one(file: IO[str], name: str, most: int) -> None:
    # The same history in every run: nothing secret.
    draw, value = Random(name).random, 0  # noqa: S311
    first = int(BEGIN.timestamp())
    lines = []
    for moment in range(first, first + DAYS * 86_400, SCRAPE_SECONDS):
        value += int(draw() * (most + 1))
        lines.append(f"{name} {value} {moment}\n")
    file.writelines(lines)


def record(path: Path, groups: Iterable[RuleGroup], others: Iterable[tuple[str, str]]) -> None:
    """Add what recording rules give on a history to its file.

    Each of `others` is a name and another: what is recorded by the one is written by the other as
    well. Raises DumpError and PrometheusError when there is no Prometheus to evaluate the rules.
    """
    rules = [r for group in groups for r in group.rules if isinstance(r, RecordingRule)]
    renamed = list(others)
    with served(path, block="2000h") as (prometheus, _, _):
        recorded = {f"{r.record}{labels(r.labels)}": _evaluate(prometheus, r) for r in rules}
    with path.open("r+b") as file:
        file.seek(-len("# EOF\n"), 2)
        file.truncate()
    with path.open("a") as file:
        for series, points in recorded.items():
            for name in (series, *(series.replace(*pair) for pair in renamed)):
                file.writelines(f"{name} {value!r} {moment}\n" for moment, value in points)
        file.write("# EOF\n")


def _evaluate(prometheus: Prometheus, rule: RecordingRule) -> list[tuple[float, float]]:
    points: list[tuple[float, float]] = []
    begin = BEGIN + EVALUATED
    while begin <= END:
        end = min(END, begin + AT_ONCE)
        for series in prometheus.range(rule.expr, begin, end, MINUTE):
            points += series.points
        begin = end + MINUTE
    return points
