from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from math import inf
from typing import TYPE_CHECKING

import pytest

from loadtests.baseline.configuration import keys_of
from loadtests.errors import MisuseError
from loadtests.judging.model import Status
from loadtests.regression.judge import judge, relative_rules
from loadtests.regression.noise import noise_floor
from loadtests.regression.rounds import Played
from loadtests.rules.limits import Absolute
from loadtests.rules.measures import OfSlo, Quantile
from loadtests.rules.units import quantity
from slo.objectives import SWIPE_AVAILABILITY
from tests.loadtests.regression.simulated import (
    ERRORS,
    FAST,
    P95,
    RATE,
    STARTED,
    SWIPES,
    judged,
    play,
    rule,
)

if TYPE_CHECKING:
    from loadtests.rules.model import Rule

RUNS = 100


def constant(ruled: Rule, base: float, candidate: float) -> tuple[Played, ...]:
    (key,) = keys_of([ruled])
    return tuple(
        Played(n, ({key: base}, {key: base}), ({key: candidate}, {key: candidate}))
        for n in range(1, 6)
    )


def share(status: Status, shift: float, rounds: int) -> float:
    versions = {"base": 0.02, "candidate": 0.02 * shift}
    found = [judged(P95, play(versions, seed, rounds)).status for seed in range(RUNS)]
    return found.count(status) / RUNS


@pytest.mark.parametrize("rounds", [5, 8])
def test_equal_versions_fail_in_at_most_one_run_of_twenty(rounds: int) -> None:
    assert share(Status.FAILED, 1.0, rounds) <= 0.05
    assert share(Status.PASSED, 1.0, rounds) >= 0.9


@pytest.mark.parametrize("rounds", [5, 8])
def test_a_shift_of_a_fifth_is_found(rounds: int) -> None:
    assert share(Status.FAILED, 1.2, rounds) >= 0.9


def test_ten_drifts_that_pass_one_by_one_are_found_against_the_pinned_reference() -> None:
    versions = [0.02 * 1.05**n for n in range(11)]

    def against(base: float, candidate: float, seed: int) -> Status:
        return judged(P95, play({"base": base, "candidate": candidate}, seed, 8)).status

    runs = 20
    for seed in range(runs):
        steps = [against(*step, seed) for step in pairwise(versions)]
        assert Status.FAILED not in steps
        # What is found once stays found: a reference that does not move forgives no step.
        pinned = [against(versions[0], version, seed) for version in versions[1:]]
        assert set(pinned[4:]) == {Status.FAILED}


@pytest.mark.parametrize(
    ("ruled", "base", "candidate", "expected"),
    [
        (P95, 0.1, 0.12, Status.FAILED),
        (P95, 0.1, 0.105, Status.PASSED),
        # Half as much again, and half a millisecond.
        (P95, 0.001, 0.0015, Status.PASSED),
        (P95, 0.1, 0.05, Status.PASSED),
        (FAST, 0.99, 0.80, Status.FAILED),
        # A tolerance of 10 % below 0.9 is 0.81, whatever the inverse of a tenth is.
        (FAST, 0.9, 0.8109, Status.PASSED),
        (FAST, 0.9, 0.8091, Status.FAILED),
        (FAST, 0.8, 0.99, Status.PASSED),
        (FAST, 0.9, 0.0, Status.FAILED),
        (RATE, 100.0, 80.0, Status.FAILED),
        (RATE, 100.0, 96.0, Status.PASSED),
        (ERRORS, 0.0, 0.0, Status.PASSED),
        (ERRORS, 0.0, 0.0009, Status.PASSED),
        (ERRORS, 0.0, 0.0011, Status.FAILED),
        (ERRORS, 0.01, 0.0, Status.PASSED),
    ],
)
def test_a_regression_is_past_the_tolerance_and_the_floor(
    ruled: Rule, base: float, candidate: float, expected: Status
) -> None:
    assert judged(ruled, constant(ruled, base, candidate)).status is expected


def test_a_candidate_whose_requests_fail_is_infinitely_slower() -> None:
    ruling = judged(P95, constant(P95, 0.1, inf))
    assert ruling.status is Status.FAILED
    assert ruling.measured is None


def test_a_base_whose_requests_fail_lets_nothing_pass() -> None:
    for candidate in (0.1, inf):
        ruling = judged(P95, constant(P95, inf, candidate))
        assert ruling.status is Status.UNDECIDED
        assert ruling.why == "10 of 10 measurements of the base never ended"


def test_fewer_rounds_than_five_decide_nothing() -> None:
    assert judged(P95, constant(P95, 0.1, 9.0)[:4]).status is Status.UNDECIDED
    assert judged(FAST, constant(FAST, 0.9, 0.1)[:4]).status is Status.UNDECIDED
    assert judged(P95, ()).status is Status.UNDECIDED


def test_a_warning_is_noticed_before_a_failure() -> None:
    noticed = rule(
        "swipe-p95", Quantile(SWIPES, Fraction("0.95")), ("20 %", "5 ms"), ("5 %", "1 ms")
    )
    found = {
        candidate: judged(noticed, constant(noticed, 0.1, candidate)).status
        for candidate in (0.104, 0.11, 0.13)
    }
    assert found == {0.104: Status.PASSED, 0.11: Status.WARNED, 0.13: Status.FAILED}


def test_a_ruling_says_what_was_measured_and_why() -> None:
    ruling = judged(P95, constant(P95, 0.1, 0.12))
    assert (ruling.measured, ruling.low, ruling.high) == pytest.approx((0.12, 0.12, 0.12))
    assert ruling.compared == pytest.approx(0.1)
    assert (ruling.samples, ruling.minimum) == (5, 5)
    assert ruling.why == (
        "surely past the tolerance and the floor: candidate by base is 1.200, between 1.200 and "
        "1.200 over 5 rounds, worse by 20 ms to 20 ms"
    )
    fallen = judged(FAST, constant(FAST, 0.9, 0.45))
    assert "candidate by base is 0.500, between 0.500 and 0.500" in fallen.why


def test_every_step_has_a_ruling_and_the_worst_comes_first() -> None:
    stepped = replace(P95, steps=("steady", "peak"))
    values = ({("swipe-p95", "steady"): 0.1, ("swipe-p95", "peak"): 0.1},) * 2
    worse = ({("swipe-p95", "steady"): 0.1, ("swipe-p95", "peak"): 0.2},) * 2
    played = [Played(n, values, worse) for n in range(1, 6)]
    found = [(r.over, r.status) for r in judge([stepped], played, STARTED, STARTED)]
    assert found == [("peak", Status.FAILED), ("steady", Status.PASSED)]


def test_rules_without_a_baseline_are_left_out() -> None:
    absolute = replace(P95, limit=Absolute(quantity("150 ms"), None))
    assert relative_rules([absolute, FAST]) == (FAST,)
    with pytest.raises(MisuseError, match="no rule compares with a baseline"):
        relative_rules([absolute])


def test_rules_of_the_server_are_refused() -> None:
    server = rule("swipe-available", OfSlo(SWIPE_AVAILABILITY), ("10 %", "1 %"))
    with pytest.raises(MisuseError, match=r"rules\.yml:3: swipe-available asks Prometheus"):
        relative_rules([P95, server])


def test_noise_is_what_equal_versions_differ_by() -> None:
    (noise,) = noise_floor([P95], play({"base": 0.02, "candidate": 0.02}, 1))
    assert noise.ratio.low < 1 < noise.ratio.high
    assert noise.tolerance == pytest.approx(noise.ratio.high - 1)
    assert 0 < noise.tolerance < 0.1
    assert noise.floor == noise.difference.high > 0


def test_a_tolerance_below_the_noise_decides_nothing_and_one_above_it_passes() -> None:
    played = play({"base": 0.02, "candidate": 0.02}, 1)
    (noise,) = noise_floor([P95], played)
    # The floor is too small to pass by.
    for times, expected in ((0.9, Status.UNDECIDED), (1.1, Status.PASSED)):
        tolerance = f"{noise.tolerance * times * 100:.9f} %"
        narrow = rule("swipe-p95", Quantile(SWIPES, Fraction("0.95")), (tolerance, "0.001 ms"))
        assert judged(narrow, played).status is expected


def test_the_noise_of_what_may_not_fall_is_how_far_it_falls() -> None:
    (key,) = keys_of([RATE])
    rounds = [
        Played(n, ({key: 100.0}, {key: 100.0}), ({key: rate}, {key: rate}))
        for n, rate in enumerate((98.0, 99.0, 100.0, 101.0, 102.0), 1)
    ]
    (noise,) = noise_floor([RATE], rounds)
    assert noise.tolerance == pytest.approx(0.02)
    assert noise.floor == pytest.approx(2.0)
