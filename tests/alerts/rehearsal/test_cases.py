"""Every alert of every kind of service level does what its objective asks for."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alerts.rehearsal import intent
from alerts.rehearsal.play import play
from alerts.rehearsal.promtool import Outcome
from app.local.tools import find_tool
from slo.indicators import RawSli
from slo.objectives import OBJECTIVES, SWIPE_AVAILABILITY
from tests.alerts.kinds import FOUR_WEEKS, KINDS, MONTHLY, PROBED, RAW, SLICES, slo

if TYPE_CHECKING:
    from alerts.rehearsal.promtool import Result
    from slo.model import Slo

ROOT = Path(__file__).parents[3]
OTHERS = tuple(slo for slo in OBJECTIVES if slo is not SWIPE_AVAILABILITY)
# What cannot be simulated of these, and why; all of the others can.
NOT_PLAYED = {
    RAW.id: {"nobody counts its events, so that one may be enough"},
    PROBED.id: {"a probe is asked all the time", "a probe needs no traffic"},
    SLICES.id: {"a slice is bad or not: outages only"},
    "long-slices": {"a slice is bad or not: outages only"},
    MONTHLY.id: {"promtool begins in 1970, the calendar of the SLO does not"},
}


def test_the_alerts_of_an_objective_do_what_it_asks_for(tmp_path: Path) -> None:
    results = rehearsed(SWIPE_AVAILABILITY, tmp_path)
    assert [result for result in results if result.outcome is not Outcome.PASSED] == []
    assert len(results) == 4 * 6 + 9


@pytest.mark.prove
@pytest.mark.timeout(600)
@pytest.mark.parametrize("slo", [*OTHERS, *KINDS], ids=lambda slo: slo.id)
def test_the_alerts_of_every_kind_do_what_they_are_for(slo: Slo, tmp_path: Path) -> None:
    results = rehearsed(slo, tmp_path)
    assert [result for result in results if result.outcome is Outcome.FAILED] == []
    omitted = {result.detail for result in results if result.outcome is Outcome.OMITTED}
    assert omitted == NOT_PLAYED.get(slo.id, set())


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_query_that_is_absent_until_the_first_failure_is_found_out(tmp_path: Path) -> None:
    """Without failures nobody knows anything, and a failure is news of two kinds."""
    query = (
        'sum(rate(http_requests_total{code="500"}[{{.window}}]))'
        " / sum(rate(http_requests_total[{{.window}}]))"
    )
    results = rehearsed(slo("no-failure-yet", RawSli(query)), tmp_path)
    failed = [result.case for result in results if result.outcome is Outcome.FAILED]
    assert failed == ["healthy, no failure ever"]


def test_the_intent_is_that_of_the_workbook() -> None:
    assert [
        (pair.severity.value, pair.long, pair.short, pair.limit, pair.fewest, pair.wait, pair.kept)
        for pair in intent.pairs(SWIPE_AVAILABILITY)
    ] == [
        ("page", 60, 5, Fraction("0.0072"), 5, 1, 5),
        ("page", 360, 30, Fraction("0.003"), 8, 1, 5),
        ("ticket", 1440, 120, Fraction("0.0015"), 17, 10, 30),
        ("ticket", 4320, 360, Fraction("0.0005"), 20, 10, 30),
    ]
    limits = [pair.limit / (1 - FOUR_WEEKS.objective) for pair in intent.pairs(FOUR_WEEKS)]
    assert [str(limit) for limit in limits] == ["336/25", "28/5", "14/5", "14/15"]


def rehearsed(slo: Slo, folder: Path) -> list[Result]:
    return play([slo], find_tool("promtool", ROOT / ".tools", print).path, folder)
