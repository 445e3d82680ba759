"""Every band and every class, to the fraction, and what data must be like."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from slo.burning import Burn
from slo.gate import Outcome
from slo.objectives import OBJECTIVES
from slo.policy.decide import Ruling, Weight, rule
from slo.policy.measure import Measurement
from slo.policy.model import Change, Policy, Young
from slo.policy.read import read_policy
from slo.policy.samples import Samples
from slo.report import SloResult, Verdict

IDS = [slo.id for slo in OBJECTIVES]
COMMITTED = read_policy(Path(__file__).parents[3] / "slo" / "policy.yaml", IDS)
OPEN = replace(COMMITTED, freezes=())
# A Wednesday at noon, on which nothing is frozen.
AT = datetime(2026, 11, 18, 12, tzinfo=UTC)
WEEKEND = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOLIDAYS = datetime(2026, 12, 24, 12, tzinfo=UTC)
SLO = OBJECTIVES[0]
TINY = Fraction(1, 10**12)
FEATURE, RELIABILITY, SECURITY, ROLLBACK = Change
ALLOW, BLOCK, UNDECIDED = Outcome
NOT_REACHED = "Prometheus is not reachable"


def measured(left: Fraction = Fraction(1), number: int = 0, **other: Any) -> Measurement:
    """Make an SLO with so much of its budget left, and all else as it should be."""
    slo, at = OBJECTIVES[number], other.get("at", AT)
    total = Fraction(10**6)
    bad = (1 - left) * slo.budget * total
    result = SloResult(slo, Verdict.MET, total, bad, {}, "")
    burns = tuple(burn(pair) for pair in range(2))
    newest = other.pop("newest", at - timedelta(seconds=15))
    samples = Samples(newest, other.pop("oldest", at - timedelta(days=30)))
    return replace(Measurement(result, at, burns, samples), **other)


def burn(pair: int, rate: Fraction | None = Fraction(1), **other: Any) -> Burn:
    window = SLO.burn_windows[pair]
    return Burn(window, window.factor(SLO.length), rate, **other)


def ruled(
    *found: Measurement, change: Change = FEATURE, policy: Policy = OPEN, at: datetime = AT
) -> Ruling:
    return rule(policy, change, at, found)


EVERYTHING = frozenset(Change)
CAREFUL = frozenset({RELIABILITY, SECURITY, ROLLBACK})
FROZEN = frozenset({SECURITY, ROLLBACK})


@pytest.mark.parametrize("change", Change)
@pytest.mark.parametrize(
    ("left", "band", "allowed"),
    [
        (Fraction(1), "normal", EVERYTHING),
        (Fraction(1, 2) + TINY, "normal", EVERYTHING),
        (Fraction(1, 2), "caution", EVERYTHING),
        (Fraction(1, 2) - TINY, "caution", EVERYTHING),
        (Fraction(1, 4) + TINY, "caution", EVERYTHING),
        (Fraction(1, 4), "caution", EVERYTHING),
        (Fraction(1, 4) - TINY, "restricted", CAREFUL),
        (Fraction(1, 10) + TINY, "restricted", CAREFUL),
        (Fraction(1, 10), "restricted", CAREFUL),
        (Fraction(1, 10) - TINY, "frozen", FROZEN),
        (TINY, "frozen", FROZEN),
        (Fraction(0), "frozen", FROZEN),
        (Fraction(-5), "frozen", FROZEN),
    ],
)
def test_what_is_left_of_the_budget_decides_what_ships(
    left: Fraction, band: str, allowed: frozenset[Change], change: Change
) -> None:
    found = ruled(measured(left), change=change)
    (row,) = found.rows
    assert row.band is not None
    assert row.band.name == band
    assert found.outcome is (ALLOW if change in allowed else BLOCK)
    assert found.outcome.exit_code == (0 if change in allowed else 1)
    warned = band == "caution" and change is FEATURE
    assert [reason.weight for reason in found.reasons] == (
        [Weight.BLOCK] if change not in allowed else [Weight.WARN] if warned else []
    )


def test_a_reason_rounds_down_what_is_left() -> None:
    (reason,) = ruled(measured(Fraction("0.24999"))).reasons
    assert str(reason) == (
        "block: swipe-availability: 24.9 % of the error budget is left (restricted); "
        "only reliability, rollback, security may ship"
    )


@pytest.mark.parametrize("pair", [0, 1])
@pytest.mark.parametrize("change", Change)
def test_a_burn_that_pages_blocks_features_and_nothing_else(pair: int, change: Change) -> None:
    burning = burn(pair, Fraction(20), burning=True)
    found = ruled(measured(burns=(burning, burn(1 - pair))), change=change)
    assert found.outcome is (BLOCK if change is FEATURE else ALLOW)
    (reason,) = found.reasons
    assert reason.weight is (Weight.BLOCK if change is FEATURE else Weight.WARN)
    windows, factor = (("1h and 5m", "14.4"), ("6h and 30m", "6"))[pair]
    assert f"burns at 20x its even rate over {windows}, {factor}x pages" in reason.sentence


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"newest": None}, "there is no sample of the last 2 h"),
        (
            {"newest": AT - timedelta(minutes=2, seconds=1)},
            "the newest sample is 2 min 1 s old, 2m is the most",
        ),
        (
            {"oldest": AT - timedelta(days=3) + timedelta(seconds=1)},
            "its history is 2 d 23 h long, 3d is the least",
        ),
        ({"burns": (burn(0, None, missing="no series"), burn(1))}, "burns now is unknown: no ser"),
        ({"unreachable": NOT_REACHED}, NOT_REACHED),
        (
            {"result": SloResult(SLO, Verdict.NO_DATA, None, None, {}, "the query gives NaN")},
            "the query gives NaN",
        ),
        (
            {"result": SloResult(SLO, Verdict.MET, Fraction(19_999), Fraction(0), {}, "")},
            "events: 19,999, 20,000 is the least",
        ),
        (
            {"result": SloResult(SLO, Verdict.MET, None, None, {}, "", (), Fraction(0))},
            "events: unknown, 20,000 is the least",
        ),
    ],
)
@pytest.mark.parametrize("change", Change)
def test_data_that_says_nothing_leaves_every_change_undecided(
    change: Change, other: dict[str, Any], said: str
) -> None:
    found = ruled(measured(**other), change=change)
    assert found.outcome is UNDECIDED
    assert found.outcome.exit_code == 3
    (reason,) = found.reasons
    assert (reason.weight, reason.about) == (Weight.UNDECIDED, "swipe-availability")
    assert said in reason.sentence


@pytest.mark.parametrize(
    "other",
    [
        {"newest": AT - timedelta(minutes=2)},
        {"oldest": AT - timedelta(days=3)},
        {"result": SloResult(SLO, Verdict.MET, Fraction(20_000), Fraction(0), {}, "")},
    ],
)
def test_data_that_is_just_enough_is(other: dict[str, Any]) -> None:
    assert ruled(measured(**other)).outcome is ALLOW


def test_data_that_says_nothing_is_not_judged_as_broken_either() -> None:
    few = SloResult(SLO, Verdict.EXHAUSTED, Fraction(10), Fraction(10), {}, "")
    assert ruled(measured(result=few)).outcome is UNDECIDED


@pytest.mark.parametrize(
    ("younger", "outcome", "weight"),
    [
        (Young.UNDECIDED, UNDECIDED, Weight.UNDECIDED),
        (Young.BLOCK, BLOCK, Weight.BLOCK),
        (Young.JUDGE, ALLOW, Weight.WARN),
    ],
)
def test_a_policy_says_what_a_young_service_may(
    younger: Young, outcome: Outcome, weight: Weight
) -> None:
    policy = replace(OPEN, data=replace(OPEN.data, younger=younger), overrides={})
    born = AT - timedelta(hours=5)
    found = ruled(measured(oldest=born), policy=policy)
    assert found.outcome is outcome
    assert [reason.weight for reason in found.reasons] == [weight]
    # By the little that there is, a spent budget still blocks.
    spent = ruled(measured(Fraction(0), oldest=born), policy=policy)
    assert spent.outcome is (UNDECIDED if younger is Young.UNDECIDED else BLOCK)


def test_a_history_shorter_than_the_period_is_told() -> None:
    month = timedelta(days=30)
    for oldest, said in ((month, []), (month - timedelta(hours=1), []), (month / 2, ["15 d"])):
        found = ruled(measured(oldest=AT - oldest, period=month))
        assert found.outcome is ALLOW
        assert [reason.weight for reason in found.reasons] == [Weight.WARN] * len(said)
        assert all(f"is of {x} and not 30 d" in str(found.reasons[0]) for x in said)


def test_an_slo_may_want_other_data() -> None:
    late, number = AT - timedelta(minutes=10), IDS.index("upload-availability")
    other = replace(OPEN.data, newest_at_most=timedelta(minutes=10))
    policy = replace(OPEN, overrides={"upload-availability": other})
    assert ruled(measured(number=number, newest=late), policy=policy).outcome is ALLOW
    assert ruled(measured(newest=late), policy=policy).outcome is UNDECIDED


@pytest.mark.parametrize(
    ("at", "change", "outcome"),
    [
        (AT, FEATURE, ALLOW),
        (WEEKEND, FEATURE, BLOCK),
        (WEEKEND, RELIABILITY, ALLOW),
        (WEEKEND, SECURITY, ALLOW),
        (WEEKEND, ROLLBACK, ALLOW),
        (HOLIDAYS, FEATURE, BLOCK),
        (HOLIDAYS, RELIABILITY, BLOCK),
        (HOLIDAYS, SECURITY, ALLOW),
        (HOLIDAYS, ROLLBACK, ALLOW),
    ],
)
def test_in_a_freeze_only_what_is_exempt_ships(
    at: datetime, change: Change, outcome: Outcome
) -> None:
    found = ruled(measured(at=at), change=change, policy=COMMITTED, at=at)
    assert found.outcome is outcome
    assert len(found.freezes) == (at is not AT)


def test_a_freeze_blocks_whatever_is_unknown_and_says_until_when() -> None:
    found = ruled(measured(unreachable=NOT_REACHED), policy=COMMITTED, at=WEEKEND)
    assert found.outcome is BLOCK
    frozen, unknown = map(str, found.reasons)
    assert frozen == (
        "block: calendar: frozen by 'weekend' until 2026-11-23 07:00 Europe/Berlin: "
        "Shelters are open and the team is not."
    )
    assert unknown == f"undecided: swipe-availability: {NOT_REACHED}"


def test_the_worst_comes_first() -> None:
    found = ruled(
        measured(Fraction(1)),
        measured(Fraction("0.3"), 1),
        measured(Fraction("0.2"), 2),
        measured(newest=None, number=3),
        measured(Fraction("0.05"), 4),
    )
    order = [row.measured.result.slo.id for row in found.rows]
    assert order == [IDS[4], IDS[2], IDS[3], IDS[1], IDS[0]]
    assert [reason.about for reason in found.reasons] == order[:-1]
    assert [row.outcome for row in found.rows] == [BLOCK, BLOCK, UNDECIDED, ALLOW, ALLOW]


def test_nothing_measured_is_undecided() -> None:
    found = ruled()
    assert found.outcome is UNDECIDED
    assert [str(reason) for reason in found.reasons] == ["undecided: gate: no SLO was measured"]
