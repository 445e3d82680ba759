"""The limits of a swipe at full speed, and a real run of it, as small as it can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.hot_path import (
    CAREFUL,
    NAIVE,
    OURS,
    PLANNED,
    PUBLIC,
    TWO,
    VARIANTS,
    judge,
    notes,
)
from loadtests.bench.machine import Cores
from loadtests.bench.rounds import Sample
from loadtests.bench.verdict import decide
from loadtests.errors import InvalidRun
from slo.gate import Outcome
from tests.loadtests.bench.programs import bench

if TYPE_CHECKING:
    from pathlib import Path

TWO_CORES = Cores(frozenset({0}), frozenset({1}))
FOUR_CORES = Cores(frozenset({0}), frozenset({2, 3}), frozenset({1}))
FINE = {"public": 6000.0, "careful": 500.0, "p99": 5.0, "two": 18_000.0}


def samples(rounds: int = 5, /, **changed: float) -> list[Sample]:
    """Make up rounds in which ours does 10,000 swipes a second at 80 µs."""
    told = {**FINE, **changed}
    found = []
    for number in range(rounds):
        for name, cpu, rate, p99 in (
            (NAIVE, 4500.0, 220.0, 300.0),
            (PUBLIC, told["public"], 160.0, 400.0),
            (CAREFUL, told["careful"], 2000.0, 40.0),
            (OURS, 80.0, 10_000.0, 9.0),
            (TWO, 90.0, told["two"], 9.0),
            (PLANNED[PUBLIC], 6000.0, 160.0, 200.0),
            (PLANNED[OURS], 200.0, 160.0, told["p99"]),
        ):
            found.append(Sample(number, name, 1000, cpu, {}, rate, 1.0, 2.0, p99))
    return found


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, None),
        ({"public": 80 * 30.0}, None),
        ({"public": 80 * 29.9}, "ours does 29.9 times (29.9 to 29.9) the swipes of naive with"),
        ({"careful": 80 * 4.0}, None),
        (
            {"careful": 80 * 3.9},
            "ours does 3.90 times (3.90 to 3.90) the swipes of careful per core",
        ),
        ({"p99": 20.0}, None),
        ({"p99": 20.1}, "of the p99 of naive with public telemetry ours has at the rate"),
        ({"two": 17_000.0}, None),
        (
            {"two": 16_900.0},
            "two workers do 1.69 times (1.69 to 1.69) the swipes of one, at least 1.7",
        ),
    ],
)
def test_each_limit_can_be_broken(changed: dict[str, float], broken: str | None) -> None:
    decision = decide(judge(samples(**changed), FOUR_CORES))
    assert decision.outcome is (Outcome.BLOCK if broken else Outcome.ALLOW)
    assert all(reason.startswith(broken or "-") for reason in decision.reasons)


def test_a_limit_within_the_interval_is_undecided() -> None:
    found = samples(4) + [
        Sample(9, s.variant, s.requests, s.cpu, {}, s.rate, s.p50, s.p95, s.p99)
        for s in samples(1, public=80 * 29.0)
    ]
    decision = decide(judge(found, FOUR_CORES))
    assert decision.outcome is Outcome.UNDECIDED
    (reason,) = decision.reasons
    assert reason == (
        "ours does 75.0 times (29.0 to 75.0) the swipes of naive with public telemetry per core, "
        "at least 30; reach 70"
    )


def test_two_workers_are_not_decided_where_there_are_no_cores_for_both() -> None:
    slow = samples(two=9000.0)
    assert len(judge(slow, TWO_CORES)) == len(judge(slow, FOUR_CORES)) - 1
    assert "Two workers did 0.90 times (0.90 to 0.90)" in notes(slow, TWO_CORES)[-1]
    assert "cannot be decided" in notes(slow, TWO_CORES)[-1]
    assert "cannot be decided" not in " ".join(notes(slow, FOUR_CORES))


def test_throughput_and_how_busy_the_core_was_are_told() -> None:
    told = notes(samples(), FOUR_CORES)
    assert told[0] == (
        "At full speed ours answers 62.5 times (62.5 to 62.5) the swipes of naive with public "
        "telemetry."
    )
    assert "Ours had its core busy for 80% of a turn." in told
    assert "Naive had its core busy for 99% of a turn." in told


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_too_few_rounds_tell_nothing(rounds: int) -> None:
    with pytest.raises(InvalidRun, match=f"{rounds} rounds are too few"):
        judge(samples(rounds), FOUR_CORES)


@pytest.mark.bench
@pytest.mark.timeout(400)
def test_every_service_is_really_measured(tmp_path: Path) -> None:
    done = bench("hot-path", "--rounds", "1", "--seconds", "1", "--out", str(tmp_path))
    assert done.returncode == 3, done.stderr
    assert "1 rounds are too few" in done.stdout
    told = json.loads((tmp_path / "hot-path.json").read_text())
    names = {variant.name for variant in VARIANTS} | set(PLANNED.values())
    assert {sample["variant"] for sample in told["samples"]} == names
    for sample in told["samples"]:
        assert sample["cpu"] > 0
        assert sample["rate"] > 0
        assert sample["behind"].keys() == {"postgres", "valkey"}


@pytest.mark.parametrize("name", ["hot-path", "deck"])
def test_the_help_says_what_is_measured_and_what_the_limits_are(name: str) -> None:
    shown = " ".join(bench(name, "--help").stdout.split())
    words = {"hot-path": ("at least 30 times", "tenth", "1.7 times"), "deck": ("25 times",)}
    for word in ("--rounds", "--seconds", "96 connections", *words[name]):
        assert word in shown
