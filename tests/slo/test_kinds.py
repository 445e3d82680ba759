"""Every kind of indicator, measured on counters whose every step is known."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from alerts.slo_rules import recording_groups
from slo.compliance import report
from slo.gate import Outcome, decide
from slo.indicators import QuerySli
from slo.model import CompositeSli, Part
from slo.prometheus import Prometheus
from slo.queries import Between, Rolling
from slo.report import Verdict, measure, result_document
from tests.alerts.kinds import (
    BAD_QUERY,
    COMPOSITE,
    ERRORS,
    GOOD_QUERY,
    GROUPS,
    KINDS,
    LONG_SLICES,
    PROBED,
    RAW,
    SLICES,
)
from tests.alerts.replay import EVALUATED, Replay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slo.model import Slo
    from slo.report import SloResult
    from tests.slo.conftest import Serve

SCRAPE = 15
HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 1, 5, 10, tzinfo=UTC)
# An hour of 240 scrapes, of which the second half goes wrong.
START, TURN, END = (BEGIN + timedelta(minutes=m) for m in (30, 60, 90))
# Of each scrape, in the first half and in the second.
STEPS = {
    'http_requests_total{job="shop",code="200"}': (10, 10),
    'http_requests_total{job="shop",code="503"}': (0, 2),
    'http_seconds_count{job="shop"}': (4, 4),
    'http_seconds_bucket{job="shop",le="0.5"}': (3, 3),
    'jobs_total{region="eu",result="ok"}': (5, 5),
    'jobs_total{region="us",result="ok"}': (9, 9),
    'jobs_total{region="us",result="lost"}': (1, 1),
}
# All events and the bad ones; or the share of bad ones, where no events are counted.
EXPECTED: dict[str, dict[str, tuple[int, int]] | dict[str, Fraction]] = {
    BAD_QUERY.id: {"": (2640, 240)},
    GOOD_QUERY.id: {"": (960, 240)},
    RAW.id: {"": Fraction(1, 12)},
    PROBED.id: {"": (60, 12)},
    SLICES.id: {"": (60, 30)},
    LONG_SLICES.id: {"": (6, 6)},
    COMPOSITE.id: {"": (3 * Fraction(1, 11) + Fraction(1, 4)) / 4},
    GROUPS.id: {"eu": (1200, 0), "us": (2400, 240)},
}
WINDOWS = (Rolling(HOUR, END), Between(START, END))


RECORDED = (BAD_QUERY, RAW, PROBED, SLICES, LONG_SLICES, COMPOSITE, GROUPS)


@pytest.fixture(scope="module")
def prometheus(serve: Serve) -> Iterator[Prometheus]:
    with Prometheus(serve(made())) as found:
        yield found


def made() -> dict[str, list[tuple[float, int]]]:
    moments = range(0, 120 * 60 + SCRAPE, SCRAPE)
    turn = int((TURN - BEGIN).total_seconds())
    history = {
        series: [
            (
                BEGIN.timestamp() + at,
                before * min(at, turn) // SCRAPE + after * max(0, at - turn) // SCRAPE,
            )
            for at in moments
        ]
        for series, (before, after) in STEPS.items()
    }
    # Twelve minutes that are asked once each.
    history['probe_success{job="door"}'] = [
        (BEGIN.timestamp() + at, int(not turn < at <= turn + 12 * 60)) for at in moments
    ]
    return history


def said(results: list[SloResult], within: float = 1e-6) -> dict[str, object]:
    """Return what each group's result says, as `EXPECTED` has it."""
    return {
        dict(result.group).get("region", ""): pytest.approx(float(result.error_ratio), rel=within)
        if result.error_ratio is not None
        else pytest.approx([float(result.total or 0), float(result.bad or 0)], rel=within)
        for result in results
    }


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: type(window).__name__)
@pytest.mark.parametrize("slo", [s for s in KINDS if s.id in EXPECTED], ids=lambda slo: slo.id)
def test_every_kind_is_measured(
    slo: Slo, window: Rolling | Between, prometheus: Prometheus
) -> None:
    results = measure([slo], window, prometheus)
    assert wanted(slo) == said(results)
    for result in results:
        broken = result.error_ratio if result.total is None else (result.bad or 0) / result.total
        assert broken is not None
        assert (result.verdict is Verdict.EXHAUSTED) == (broken > slo.budget)
        assert bool(result.reason) == (result.verdict is Verdict.EXHAUSTED)


@pytest.mark.parametrize("slo", [s for s in KINDS if s.id in EXPECTED], ids=lambda slo: slo.id)
def test_a_report_says_the_same_of_every_kind(slo: Slo, prometheus: Prometheus) -> None:
    found = report([slo], END, ZoneInfo("UTC"), HOUR, prometheus)
    spans = [one.spans[0] for one in found.slos]
    assert wanted(slo) == said([kept.result for kept in spans])
    for kept in spans:
        (day,) = kept.days
        assert day.spent == kept.result.budget_burned


def test_a_report_takes_what_rules_of_every_kind_have_recorded(tmp_path: Path) -> None:
    groups = [
        g for slo in RECORDED for g in recording_groups(slo) if re.search("events|short", g.name)
    ]
    with Replay(tmp_path) as replay:
        replay.add(made())
        replay.record(groups, BEGIN.timestamp() + 600, END.timestamp() + EVALUATED)
        with Prometheus(replay.url) as prometheus:
            found = report(RECORDED, END, ZoneInfo("UTC"), HOUR, prometheus)
    assert {one.source.partition(" since")[0][-14:] for one in found.slos} == {"recorded rules"}
    for slo in RECORDED:
        results = [one.spans[0].result for one in found.slos if one.slo is slo]
        # A rule that looks seven seconds later sees a little of the next five minutes.
        assert said(results, within=0.01 if slo is RAW else 1e-6) == wanted(slo)


def test_groups_are_named_and_one_broken_group_blocks(prometheus: Prometheus) -> None:
    results = measure([GROUPS], WINDOWS[1], prometheus)
    assert [result.name for result in results] == ['groups{region="eu"}', 'groups{region="us"}']
    assert result_document(results[1])["group"] == {"region": "us"}
    decision = decide(results)
    assert decision.outcome is Outcome.BLOCK
    (reason,) = decision.reasons
    assert reason.startswith('groups{region="us"}: exhausted, measured 90 %, limit 99 %: ')
    assert reason.endswith("240 of 2400 events were bad, 24 are allowed")


@pytest.mark.parametrize("window", WINDOWS, ids=lambda window: type(window).__name__)
def test_a_composite_with_a_part_that_is_gone_is_no_data(
    window: Rolling | Between, prometheus: Prometheus
) -> None:
    gone = QuerySli("sum(rate(gone[{{.window}}]))", bad_query="sum(rate(lost[{{.window}}]))")
    parts = (Part("errors", Fraction(9), ERRORS), Part("gone", Fraction(1), gone))
    slo = replace(COMPOSITE, sli=CompositeSli(parts))
    (result,) = measure([slo], window, prometheus)
    assert result.verdict is Verdict.NO_DATA
    assert result.reason.startswith("gone: the query gives no series: ")
    assert set(result.queries) == {"errors total", "errors bad", "gone total", "gone bad"}


@pytest.mark.parametrize("slo", KINDS, ids=lambda slo: slo.id)
def test_nothing_known_is_no_data_of_every_kind(slo: Slo, prometheus: Prometheus) -> None:
    before = BEGIN - timedelta(days=2)
    for window in (Rolling(HOUR, before), Between(before - HOUR, before)):
        (result,) = measure([slo], window, prometheus)
        assert (result.verdict, result.total, result.error_ratio) == (Verdict.NO_DATA, None, None)


def test_a_restart_between_two_moments_is_seen_in_a_query_too(serve: Serve) -> None:
    points = [(BEGIN.timestamp() + at, at % 1800) for at in range(0, 7200, SCRAPE)]
    history = {'http_requests_total{job="shop",code="503"}': points}
    with Prometheus(serve(history)) as prometheus:
        (result,) = measure([BAD_QUERY], Between(START, END), prometheus)
    assert result.verdict is Verdict.NO_DATA
    assert result.reason.startswith("a process restarted or was lost in the window")


def wanted(slo: Slo) -> dict[str, object]:
    return {
        group: float(share) if isinstance(share, Fraction) else list(share)
        for group, share in EXPECTED[slo.id].items()
    }
