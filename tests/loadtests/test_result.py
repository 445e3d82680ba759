"""What a run's numbers amount to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from loadtests.measurement import Measured
from loadtests.result import Conservation, run_document
from slo.gate import Outcome
from slo.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.result import RunResult

MET, EXHAUSTED, NO_DATA = Verdict.MET, Verdict.EXHAUSTED, Verdict.NO_DATA


@pytest.mark.parametrize(
    ("verdicts", "invalid", "outcome", "code"),
    [
        ((MET, MET), (), Outcome.ALLOW, 0),
        ((MET, EXHAUSTED), (), Outcome.BLOCK, 1),
        ((NO_DATA, EXHAUSTED), (), Outcome.BLOCK, 1),
        ((MET, NO_DATA), (), Outcome.UNDECIDED, 3),
        ((), (), Outcome.UNDECIDED, 3),
        ((MET, MET), ("a gap",), Outcome.UNDECIDED, 3),
        ((MET, EXHAUSTED), ("a gap",), Outcome.UNDECIDED, 3),
    ],
)
def test_only_a_valid_run_that_kept_every_promise_is_allowed(
    make_result: Callable[..., RunResult],
    verdicts: tuple[Verdict, ...],
    invalid: tuple[str, ...],
    outcome: Outcome,
    code: int,
) -> None:
    decision = make_result(*verdicts, invalid=invalid).decision
    assert (decision.outcome, decision.outcome.exit_code) == (outcome, code)
    assert bool(decision.reasons) == (outcome is not Outcome.ALLOW)


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


def test_the_document_is_strict_json_with_a_query_beside_every_measured_number(
    make_result: Callable[..., RunResult],
) -> None:
    document = run_document(make_result(MET, NO_DATA))
    assert json.loads(json.dumps(document, allow_nan=False))["decision"] == "undecided"

    def walk(node: object) -> None:
        if isinstance(node, dict):
            assert "value" not in node or node["query"]
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(document)
