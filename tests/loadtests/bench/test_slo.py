"""What rules of service levels cost beside those of others: its limits, and a small measurement."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.slo import MOST_OF_OTHERS, OURS, PYRRA, SLOTH, Bill, judge
from loadtests.errors import InvalidRun
from slo.gate import Outcome
from tests.loadtests.bench.programs import bench

if TYPE_CHECKING:
    from pathlib import Path


def outcomes(ours: Bill, slos: int = 5, theirs: Bill | None = None) -> list[Outcome]:
    others = [theirs or Bill(100, 100)] * slos
    return [c.outcome for c in judge({OURS: [ours] * slos, SLOTH: others, PYRRA: others})]


def test_a_fifth_of_what_each_of_the_others_cost_is_allowed() -> None:
    assert MOST_OF_OTHERS == 0.2
    assert outcomes(Bill(20, 20)) == [Outcome.ALLOW] * 4


def test_more_time_and_more_samples_are_findings_of_their_own() -> None:
    assert outcomes(Bill(21, 20)) == [Outcome.BLOCK, Outcome.ALLOW] * 2
    assert outcomes(Bill(20, 21)) == [Outcome.ALLOW, Outcome.BLOCK] * 2


def test_four_service_levels_are_too_few_to_tell() -> None:
    with pytest.raises(InvalidRun, match="4 rounds are too few"):
        outcomes(Bill(1, 1), slos=4)


def test_rules_that_read_nothing_decide_nothing() -> None:
    with pytest.raises(InvalidRun, match="Sloth cost nothing"):
        outcomes(Bill(1, 1), theirs=Bill(1, 0))


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_few_service_levels_are_measured_on_a_month_of_counters(tmp_path: Path) -> None:
    done = bench("slo", "--slos", "2", "--series", "20", "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr
    assert "2 rounds are too few" in done.stdout
    told = json.loads((tmp_path / "slo.json").read_text())
    assert told["decision"] == "undecided"
