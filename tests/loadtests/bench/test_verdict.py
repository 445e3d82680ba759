"""What becomes of numbers: ratios within rounds, limits, exit codes, and how they are told."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import nan
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from loadtests.bench.files import write
from loadtests.bench.instrumentation import NAME, NONE, OURS, PUBLIC, TITLE, judge
from loadtests.bench.report import BenchResult, document, markdown, table
from loadtests.bench.rounds import Sample
from loadtests.bench.statistics import Estimate
from loadtests.bench.verdict import AtLeast, Check, decide
from loadtests.errors import InvalidRun
from slo.gate import Outcome

if TYPE_CHECKING:
    from pathlib import Path

ROUNDS = 5


def sample(number: int, variant: str, cpu: float) -> Sample:
    return Sample(number, variant, 600, cpu, {"postgres": 400.0}, 250.0, 20.0, 30.0, 40.0)


def samples(*rounds: tuple[float, float, float]) -> list[Sample]:
    return [
        sample(number, variant, cpu)
        for number, cpus in enumerate(rounds, 1)
        for variant, cpu in zip((NONE, OURS, PUBLIC), cpus, strict=True)
    ]


def result(found: list[Sample], checks: list[Check], invalid: str = "") -> BenchResult:
    machine = {"cores": 2}
    variants = dict.fromkeys((NONE, OURS, PUBLIC), "what it is")
    started = datetime(2026, 11, 21, tzinfo=UTC)
    return BenchResult(NAME, TITLE, started, machine, variants, found, checks, invalid)


@pytest.mark.parametrize(
    ("rounds", "overhead", "share", "code"),
    [
        ([(1000, 1050, 1400)] * ROUNDS, 0.05, 0.125, 0),
        ([(1000, 1100, 1400)] * ROUNDS, 0.1, 0.25, 0),
        ([(1000, 1101, 2000)] * ROUNDS, 0.101, 0.101, 1),
        ([(1000, 1090, 1300)] * ROUNDS, 0.09, 0.3, 1),
        # Of one round nobody knows; of the middle of them one does.
        ([*[(1000, 1050, 1400)] * 7, (1000, 1300, 1400)], 0.05, 0.125, 0),
        ([*[(1000, 1050, 1400)] * 4, (1000, 1300, 1400)], 0.05, 0.125, 3),
        # Whatever disturbs a whole round takes no part in its ratios.
        ([(1000 * n, 1050 * n, 1400 * n) for n in (1, 2, 3, 4, 5)], 0.05, 0.125, 0),
    ],
)
def test_the_ratios_of_the_rounds_decide(
    rounds: list[tuple[float, float, float]], overhead: float, share: float, code: int
) -> None:
    checks = judge(samples(*rounds))
    assert [check.ratio.value for check in checks] == pytest.approx([overhead, share])
    assert decide(checks).outcome.exit_code == code


@pytest.mark.parametrize(
    ("rounds", "reason"),
    [
        ([(1000, 1050, 1400)] * (ROUNDS - 1), "4 rounds are too few"),
        ([*[(1000, 1050, 1400)] * ROUNDS, (1000, 1050, 990)], "too noisy"),
        ([], "0 rounds"),
    ],
)
def test_what_tells_nothing_is_no_measurement(
    rounds: list[tuple[float, float, float]], reason: str
) -> None:
    with pytest.raises(InvalidRun, match=reason):
        judge(samples(*rounds))


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (0.05, 0.10, Outcome.ALLOW),
        (0.05, 0.101, Outcome.UNDECIDED),
        (0.10, 0.11, Outcome.UNDECIDED),
        (0.101, 0.2, Outcome.BLOCK),
    ],
)
def test_a_limit_within_the_interval_is_undecided(
    low: float, high: float, outcome: Outcome
) -> None:
    assert Check("it", 0.10, Estimate((low + high) / 2, low, high)).outcome is outcome


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (30.0, 75.0, Outcome.ALLOW),
        (29.9, 75.0, Outcome.UNDECIDED),
        (20.0, 30.0, Outcome.UNDECIDED),
        (20.0, 29.9, Outcome.BLOCK),
        (nan, nan, Outcome.UNDECIDED),
    ],
)
def test_a_lower_limit_decides_by_the_whole_interval_too(
    low: float, high: float, outcome: Outcome
) -> None:
    assert AtLeast("one does … of other", 30, Estimate(30.0, low, high)).outcome is outcome


def test_a_lower_limit_is_a_sentence_with_what_is_aimed_at() -> None:
    ratio = Estimate(71.2, 68.0, 74.5)
    assert AtLeast("ours does … the swipes of naive per core", 30, ratio, 70).sentence == (
        "ours does 71.2 times (68.0 to 74.5) the swipes of naive per core, at least 30; reach 70"
    )
    assert AtLeast("two do … those of one", 1.7, ratio).sentence.endswith(", at least 1.7")


def test_a_broken_limit_blocks_whatever_else_is_unknown() -> None:
    unknown = Check("one", 0.1, Estimate(0.1, 0.0, 0.2))
    broken = Check("other", 0.1, Estimate(0.3, 0.2, 0.4))
    assert decide([unknown, broken]).outcome is Outcome.BLOCK
    assert decide([unknown, broken]).reasons == ("other: 30.0% (20.0% to 40.0%), at most 10%",)
    assert decide([]).outcome is Outcome.UNDECIDED


def test_an_invalid_run_decides_nothing() -> None:
    found = result(samples(*[(1000, 2000, 3000)] * ROUNDS), [], "answers were wrong")
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.decision.reasons == ("answers were wrong",)


def test_a_result_is_told_in_full(tmp_path: Path) -> None:
    measured = samples(*[(1000, 1090, 1300)] * ROUNDS)
    found = result(measured, judge(measured))
    written = write(found, tmp_path)
    told = json.loads(written[0].read_text())
    assert told == document(found)
    assert told["decision"] == "block"
    assert len(told["samples"]) == 3 * ROUNDS
    assert [check["outcome"] for check in told["checks"]] == ["allow", "block"]
    page = written[1].read_text()
    assert page == markdown(found)
    assert "| ours | 1,090 | 1,090 to 1,090 | 250 | 20.0 | 30.0 | 40.0 | 400 |" in page
    assert "ours adds of what public adds: 30.0% (30.0% to 30.0%), at most 25%" in page
    console = Console(width=120)
    with console.capture() as shown:
        console.print(table(found))
    assert [line.split()[0] for line in shown.get().splitlines()] == [
        "variant",
        *(
            NONE,
            OURS,
            PUBLIC,
        ),
    ]


@pytest.mark.parametrize("rounds", [0, 1])
def test_too_few_rounds_are_shown_all_the_same(rounds: int, tmp_path: Path) -> None:
    found = result(samples(*[(1000, 1090, 1300)] * rounds), [], "too few")
    write(found, tmp_path)
    assert ("| ours | 1,090 |" in markdown(found)) == bool(rounds)
