from __future__ import annotations

from fractions import Fraction

import pytest

from slo.gate import Outcome, decide
from slo.objectives import OBJECTIVES
from slo.report import SloResult, Verdict

MET, BURNING, EXHAUSTED, NO_DATA = (
    Verdict.MET,
    Verdict.BURNING,
    Verdict.EXHAUSTED,
    Verdict.NO_DATA,
)


@pytest.mark.parametrize(
    ("verdicts", "outcome", "code", "named"),
    [
        ([MET], Outcome.ALLOW, 0, []),
        ([MET, MET, MET, MET], Outcome.ALLOW, 0, []),
        ([MET, EXHAUSTED], Outcome.BLOCK, 1, [1]),
        ([BURNING, MET], Outcome.BLOCK, 1, [0]),
        ([BURNING, MET, EXHAUSTED], Outcome.BLOCK, 1, [0, 2]),
        ([NO_DATA, EXHAUSTED, NO_DATA], Outcome.BLOCK, 1, [1]),
        ([MET, NO_DATA, NO_DATA], Outcome.UNDECIDED, 3, [1, 2]),
        ([NO_DATA], Outcome.UNDECIDED, 3, [0]),
    ],
)
def test_one_decision_is_made_from_all_verdicts(
    verdicts: list[Verdict], outcome: Outcome, code: int, named: list[int]
) -> None:
    decision = decide([result(number, verdict) for number, verdict in enumerate(verdicts)])
    assert decision.outcome is outcome
    assert decision.outcome.exit_code == code
    assert [reason.partition(":")[0] for reason in decision.reasons] == [
        OBJECTIVES[number].id for number in named
    ]


def test_measuring_nothing_is_not_a_pass() -> None:
    decision = decide([])
    assert decision.outcome is Outcome.UNDECIDED
    assert decision.reasons == ("no SLO was measured",)


def test_a_reason_says_what_was_measured_and_what_was_promised() -> None:
    (reason,) = decide([result(1, EXHAUSTED)]).reasons
    assert reason == (
        "swipe-latency: exhausted, measured 90 % < 150 ms, limit 95 % < 150 ms: because"
    )


def result(number: int, verdict: Verdict) -> SloResult:
    known = verdict is not NO_DATA
    total, bad = (Fraction(1000), Fraction(100)) if known else (None, None)
    return SloResult(OBJECTIVES[number], verdict, total, bad, {}, "because")
