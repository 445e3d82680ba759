"""What a run's numbers amount to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from app.telemetry.catalog import SWIPE_CREATE
from loadtests.load import Load
from loadtests.measurement import Measured
from loadtests.result import Conservation, acknowledged_swipes, noted, sentence
from slo.gate import Outcome
from tests.loadtests.reports.building import (
    ENDED,
    FAILED,
    FAILED_CHECK,
    PASSED,
    STARTED,
    UNDECIDED,
    WAIVER,
    WARNED,
    answers,
    attempt,
    result,
    ruling,
)
from tests.loadtests.reports.results import RESULTS

if TYPE_CHECKING:
    from loadtests.judging.model import Status


@pytest.mark.parametrize(
    ("statuses", "valid", "outcome", "code"),
    [
        ((PASSED, PASSED), True, Outcome.ALLOW, 0),
        ((PASSED, WARNED), True, Outcome.ALLOW, 0),
        ((PASSED, FAILED), True, Outcome.BLOCK, 1),
        ((UNDECIDED, FAILED), True, Outcome.BLOCK, 1),
        ((PASSED, UNDECIDED), True, Outcome.UNDECIDED, 3),
        ((), True, Outcome.UNDECIDED, 3),
        ((PASSED, PASSED), False, Outcome.UNDECIDED, 3),
        ((PASSED, FAILED), False, Outcome.UNDECIDED, 3),
    ],
)
def test_only_a_valid_run_that_kept_every_limit_is_allowed(
    statuses: tuple[Status, ...], valid: bool, outcome: Outcome, code: int
) -> None:
    checks = () if valid else (FAILED_CHECK,)
    run = result(*map(ruling, statuses), attempts=(attempt(checks=checks),))
    assert (run.decision.outcome, run.decision.outcome.exit_code) == (outcome, code)


def test_an_invalid_attempt_is_not_healed_by_a_valid_one() -> None:
    tries = (attempt(checks=(FAILED_CHECK,)), attempt())
    run = result(ruling(), attempts=tries)
    assert run.decision.outcome is Outcome.UNDECIDED
    assert run.decision.reasons == ("1 of 2 workers",)
    assert run.last is tries[1]


@pytest.mark.parametrize("status", [FAILED, UNDECIDED])
def test_a_waived_rule_decides_nothing_and_is_still_told(status: Status) -> None:
    run = result(ruling(), ruling(status, waiver=WAIVER))
    assert run.decision.outcome is Outcome.ALLOW
    assert [("waived by w-1" in reason) for reason in run.decision.reasons] == [True]


def test_a_run_whose_every_rule_is_waived_decides_nothing() -> None:
    assert RESULTS["all waived"].decision.outcome is Outcome.UNDECIDED
    assert RESULTS["all waived"].decision.reasons == ("every rule is waived: nothing was decided",)


def test_what_passed_only_the_second_time_is_allowed_and_never_silent() -> None:
    decision = RESULTS["flaky"].decision
    assert decision.outcome is Outcome.ALLOW
    assert decision.reasons == ("shaky over peak: passed (flaky): because it is passed",)


def test_a_sentence_tells_rule_status_waiver_and_why() -> None:
    waived = ruling(FAILED, waiver=WAIVER, flaky=True)
    assert sentence(waived) == (
        "failed-quantile over peak: failed (waived by w-1, flaky): because it is failed"
    )


def test_only_a_plain_pass_needs_no_word() -> None:
    assert not noted(ruling())
    assert all(noted(ruling(status)) for status in (WARNED, FAILED, UNDECIDED))
    assert noted(replace(ruling(), flaky=True))


def test_swipes_are_acknowledged_by_a_201() -> None:
    before = {SWIPE_CREATE.operation: answers({0.1: 3}, s200=2, s500=1)}
    assert acknowledged_swipes(Load(1, STARTED, STARTED, ENDED, [], before)) == 3
    assert acknowledged_swipes(Load(1, STARTED, STARTED, ENDED, [])) == 0


def counted(acknowledged: int, rows: int | None, metric: float | None, lost: int = 0) -> list[str]:
    return Conservation(acknowledged, rows, Measured(metric, "q"), lost).problems()


def test_three_equal_counts_are_no_problem() -> None:
    assert counted(7, 7, 7.0) == []


@pytest.mark.parametrize(
    ("acknowledged", "rows", "metric", "lost"),
    [(7, 6, 7.0, 0), (7, 8, 7.0, 0), (7, 7, 6.0, 0), (7, 7, 8.0, 0), (7, 7, None, 0), (7, 7, 7, 1)],
)
def test_any_two_counts_that_part_are_a_problem(
    acknowledged: int, rows: int, metric: float | None, lost: int
) -> None:
    assert len(counted(acknowledged, rows, metric, lost)) == 1


def test_on_a_shared_service_the_metric_may_be_higher_but_never_lower() -> None:
    assert counted(7, None, 9.0) == []
    assert counted(7, None, 6.0) != []


@pytest.mark.parametrize(
    ("rows", "metric", "unsure", "problems"),
    [
        (10, 10.0, 0, 0),
        (11, 11.0, 1, 0),
        (12, 11.0, 1, 1),
        (9, 10.0, 1, 1),
        (10, 11.0, 0, 1),
        (10, None, 0, 1),
        (None, 10.0, 0, 0),
        (None, 15.0, 0, 0),
        (None, 9.0, 1, 1),
    ],
)
def test_a_swipe_that_the_service_failed_at_may_be_stored_and_no_other(
    rows: int | None, metric: float | None, unsure: int, problems: int
) -> None:
    counted = Conservation(10, rows, Measured(metric, "query"), 0, unsure)
    assert len(counted.problems()) == problems
