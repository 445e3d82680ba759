"""The limit of a deck at full speed, and a real run of it, as small as it can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.deck import judge, notes
from loadtests.bench.hot_path import NAIVE, OURS
from loadtests.bench.rounds import Sample
from loadtests.bench.verdict import decide
from loadtests.errors import InvalidRun
from slo.gate import Outcome
from tests.loadtests.bench.programs import bench

if TYPE_CHECKING:
    from pathlib import Path


def samples(*ratios: float) -> list[Sample]:
    return [
        Sample(number, name, 1000, cpu, {}, 800_000 / cpu, 1.0, 2.0, 3.0)
        for number, ratio in enumerate(ratios)
        for name, cpu in ((NAIVE, 50.0 * ratio), (OURS, 50.0))
    ]


@pytest.mark.parametrize(
    ("ratios", "outcome"),
    [
        ([25.0] * 5, Outcome.ALLOW),
        ([40.0, 41.0, 30.0, 50.0, 24.0], Outcome.UNDECIDED),
        ([24.9] * 5, Outcome.BLOCK),
    ],
)
def test_the_ratios_of_the_rounds_decide(ratios: list[float], outcome: Outcome) -> None:
    assert decide(judge(samples(*ratios))).outcome is outcome


def test_it_is_told_as_a_sentence() -> None:
    (check,) = judge(samples(*[44.0] * 5))
    assert check.sentence == (
        "ours answers 44.0 times (44.0 to 44.0) the decks of naive per core, at least 25"
    )
    assert notes(samples(*[44.0] * 5)) == [
        "At full speed ours answers 44.0 times (44.0 to 44.0) the decks of naive.",
        "Naive had its core busy for 80% of a turn.",
        "Ours had its core busy for 80% of a turn.",
    ]


def test_too_few_rounds_tell_nothing() -> None:
    with pytest.raises(InvalidRun, match="4 rounds are too few"):
        judge(samples(*[44.0] * 4))


@pytest.mark.bench
@pytest.mark.timeout(200)
def test_both_services_are_really_measured(tmp_path: Path) -> None:
    done = bench("deck", "--rounds", "1", "--seconds", "1", "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr
    told = json.loads((tmp_path / "deck.json").read_text())
    assert {sample["variant"] for sample in told["samples"]} == {NAIVE, OURS}
    assert all(sample["cpu"] > 0 and sample["rate"] > 0 for sample in told["samples"])
