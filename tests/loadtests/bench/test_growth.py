"""Growth: its limit, and the whole measurement as small as it can be."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.grown import SWIPE
from loadtests.bench.growth import MOST_GROWTH, SIZES, judge
from loadtests.bench.rounds import Sample
from loadtests.errors import InvalidRun
from slo.gate import Outcome
from tests.loadtests.bench.programs import bench

if TYPE_CHECKING:
    from pathlib import Path

SMALL = (1000, 4000)
COMMAND = [
    *("growth", "--rounds", "1", "--swipes", "80", "--decks", "16", "--pets", "10000"),
    *("--size", str(SMALL[0]), "--size", str(SMALL[1])),
]


def samples(api: float, postgres: float, rounds: int = 5) -> list[Sample]:
    """Rounds in which the smallest costs 100 and 100, and the largest so much."""
    costs = {SIZES[0]: (100.0, 100.0), SIZES[1]: (500.0, 500.0), SIZES[2]: (api, postgres)}
    return [
        Sample(n, f"{SWIPE}, {size:,}", 9, cpu, {"postgres": behind, "valkey": 900.0}, 1, 1, 1, 1)
        for n in range(rounds)
        for size, (cpu, behind) in costs.items()
    ]


def outcome(found: list[Sample]) -> Outcome:
    (check,) = judge(found, SIZES)
    return check.outcome


def test_api_and_postgresql_together_may_cost_a_little_more_beside_many_swipes() -> None:
    assert MOST_GROWTH == 1.15
    assert outcome(samples(100, 129)) is Outcome.ALLOW
    assert outcome(samples(130, 99)) is Outcome.ALLOW


def test_more_than_that_is_a_finding() -> None:
    assert outcome(samples(100, 131)) is Outcome.BLOCK


def test_four_rounds_are_too_few_to_tell() -> None:
    with pytest.raises(InvalidRun, match="4 rounds are too few"):
        judge(samples(100, 100, rounds=4), SIZES)


@pytest.mark.prove
@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells CPU time")
def test_one_round_is_measured_and_too_few_to_tell(tmp_path: Path) -> None:
    done = bench(*COMMAND, "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr
    assert "1 rounds are too few" in done.stdout
    told = json.loads((tmp_path / "growth.json").read_text())
    assert [sample["variant"] for sample in told["samples"]] == [
        f"{what}, {size:,}" for what in ("swipe", "deck") for size in SMALL
    ]
    *by_swipes, by_series = told["trends"]
    assert len(by_swipes) == 2
    series = [count for count, _ in by_series["points"]]
    assert series == sorted(series)
    assert series[0] < series[-1]
    assert told["command"].endswith("--size 1000 --size 4000 --pets 10000")
    assert "<svg" in (tmp_path / "growth.html").read_text()


def test_more_swipes_than_are_left_are_misuse(tmp_path: Path) -> None:
    done = bench("growth", "--rounds", "100", "--swipes", "100000", "--out", str(tmp_path))
    assert done.returncode == 2
    assert "ask for fewer rounds" in done.stderr
