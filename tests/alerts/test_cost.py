"""How much the rules of one SLO make Prometheus read, and how fast and evenly they are written."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import promql_parser
import pytest

from alerts.artifacts import as_yaml
from alerts.burn_rate import slo_groups
from alerts.slo_rules import EVERY_LONG, recording_groups
from slo.conventions import error_ratio
from slo.indicators import QuerySli
from slo.model import Calendar, CalendarUnit, Slo
from slo.objectives import DECK_LATENCY, SWIPE_AVAILABILITY
from slo.promql import labels
from tests.alerts.cost import samples, samples_a_day
from tests.alerts.replay import EVALUATED, SCRAPE, Counter, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Known = Callable[[promql_parser.VectorSelector], tuple[int, timedelta]]

ROOT = Path(__file__).parents[2]
MOST_A_DAY = 200_000_000
SERIES, BAD_SERIES = 1_000, 50
FIRST = date(2026, 1, 1)
QUERIES = QuerySli(
    "sum(rate(http_requests_total[{{.window}}]))",
    bad_query='sum(rate(http_requests_total{error_type="error"}[{{.window}}]))',
)
# The only recorded ratio of a long window that is read as a range.
SIX_HOURS = error_ratio(timedelta(hours=6))
CHOSEN = (promql_parser.MatchOp.Equal, promql_parser.MatchOp.Re)
BASE = int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
HOURS = 80
LAST = BASE + HOURS * 3600 - 60 + EVALUATED


def known(series: int, bad: int) -> Known:
    """Say how many series there are of raw counters; a rule records one, in its group's time."""

    def look(selector: promql_parser.VectorSelector) -> tuple[int, timedelta]:
        if (selector.name or "").startswith("slo:"):
            return 1, EVERY_LONG if selector.name == SIX_HOURS else timedelta(minutes=1)
        failed = any(
            matcher.name == "error_type" and matcher.op in CHOSEN
            for matcher in selector.matchers.matchers
        )
        return (bad if failed else series), timedelta(seconds=SCRAPE)

    return look


def slos() -> dict[str, Slo]:
    """Make one SLO of each kind whose cost differs."""
    made = {
        "ratio": SWIPE_AVAILABILITY,
        "latency": DECK_LATENCY,
        "queries": replace(SWIPE_AVAILABILITY, sli=QUERIES),
    }
    for unit in (CalendarUnit.MONTH, CalendarUnit.QUARTER):
        made[unit] = replace(SWIPE_AVAILABILITY, period=Calendar(unit, FIRST, "Europe/Berlin"))
    return made


@pytest.mark.parametrize("kind", slos())
def test_one_slo_of_a_thousand_series_reads_less_than_a_fifth_of_a_billion_samples_a_day(
    kind: str,
) -> None:
    read = samples_a_day(slo_groups(slos()[kind]), known(SERIES, BAD_SERIES))
    assert read < MOST_A_DAY
    # Or the arithmetic would not have seen the counters at all.
    assert read > 10 * SERIES * 24 * 60


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Replay, Slo]]:
    """Serve twelve series, two of them of failures, and what the rules recorded in three days."""
    declared = replace(SWIPE_AVAILABILITY, sli=QUERIES, period=timedelta(hours=76))
    ones = np.ones(HOURS * 3600 // 5, np.int64)
    counters = {
        f"http_requests_total{labels({'instance': f'i{number}', 'error_type': kind})}": Counter(
            {}, ones, phase=1
        ).samples(BASE)
        for number, kind in enumerate([""] * 10 + ["error"] * 2)
    }
    with Replay(tmp_path_factory.mktemp("cost")) as replay:
        replay.add(counters)
        events, *others = recording_groups(declared)
        replay.record([events], BASE, LAST)
        # Alerts look back for the last short window with events, as far as their long one reaches.
        replay.record(others, BASE + 4 * 3600, LAST)
        yield replay, declared


def test_prometheus_reads_what_the_arithmetic_says(replayed: tuple[Replay, Slo]) -> None:
    replay, declared = replayed
    rules = [rule for group in slo_groups(declared) for rule in group.rules]
    look = known(12, 2)
    for rule in rules:
        expected = samples(promql_parser.parse(rule.expr), look)
        assert replay.samples_read(rule.expr, LAST + 1) == pytest.approx(expected), rule
    assert len(rules) > 20


def test_the_arithmetic_counts_subqueries_by_their_steps() -> None:
    parsed = promql_parser.parse("sum_over_time((a * on () (b @ end()))[1h:5m]) / sum(rate(a[1m]))")
    assert samples(parsed, lambda _: (3, timedelta(seconds=15))) == 12 * (3 + 3) + 3 * 4


def test_other_processes_with_other_hash_seeds_render_five_hundred_slos_alike() -> None:
    code = (
        "from tests.alerts.test_cost import render_many;"
        "import hashlib; print(hashlib.sha256(render_many(500).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
    assert digests == {hashlib.sha256(render_many(500).encode()).hexdigest() + "\n"}


def render_many(number: int) -> str:
    """Write the rule files of many SLOs of every kind, one after another."""
    kinds = list(slos().values())
    many = [replace(kinds[i % len(kinds)], id=f"slo-{i}") for i in range(number)]
    return "".join(
        as_yaml("a test", {"groups": [group.document() for group in slo_groups(slo)]})
        for slo in many
    )


@pytest.mark.prove
def test_five_hundred_slos_are_rendered_within_five_seconds() -> None:
    begun = time.perf_counter()
    written = render_many(500)
    seconds = time.perf_counter() - begun
    assert seconds < 5, f"{len(written) / 1e6:.1f} MB"
