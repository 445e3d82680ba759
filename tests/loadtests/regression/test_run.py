"""A whole regression run on simulated machines, its decision and its documents."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.baseline.configuration import keys_of
from loadtests.errors import InvalidRun, MisuseError
from loadtests.regression.document import noise_json, regression_json
from loadtests.regression.rounds import Game
from loadtests.regression.run import Match, regress
from loadtests.waivers.model import Waiver
from slo.gate import Outcome
from tests.loadtests.regression.simulated import P95, Machine

if TYPE_CHECKING:
    from loadtests.regression.model import Regression
    from loadtests.regression.rounds import Values

OLD, NEW = "http://old", "http://new"
WAIVER = Waiver("slow", "ada", "grace", "Known.", (P95.id,), date(2026, 11, 28), "w.yml", 3)


def ran(candidate: str = NEW, shift: float = 1.0, **changed: Any) -> Regression:
    machine = Machine({OLD: 0.02, NEW: 0.02 * shift}, seed=3)
    match = replace(Match(OLD, candidate, [P95], [], 5), **changed)
    return regress(match, Game(machine.measure, keys_of([P95]), lambda _: None))


@pytest.mark.parametrize(
    ("shift", "outcome"), [(1.0, Outcome.ALLOW), (0.5, Outcome.ALLOW), (1.5, Outcome.BLOCK)]
)
def test_a_regression_blocks(shift: float, outcome: Outcome) -> None:
    decision = ran(shift=shift).decision
    assert decision.outcome is outcome
    if outcome is Outcome.BLOCK:
        assert decision.reasons[0].startswith("swipe-p95 over run: failed: surely past")


def test_nothing_to_judge_is_no_pass() -> None:
    assert ran(rules=[]).decision.outcome is Outcome.UNDECIDED


def test_fewer_than_five_rounds_are_misuse() -> None:
    with pytest.raises(MisuseError, match="4 rounds decide nothing"):
        ran(rounds=4)


def test_a_load_that_is_no_evidence_ends_the_run_undecided_and_keeps_what_was_played() -> None:
    machine = Machine({OLD: 0.02, NEW: 0.04}, seed=3)

    def measure(target: str) -> Values:
        if len(machine.targets) == 9:
            raise InvalidRun("3 requests were dropped")
        return machine.measure(target)

    found = regress(Match(OLD, NEW, [P95], [], 5), Game(measure, keys_of([P95]), lambda _: None))
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.decision.reasons == ("round 3 of 5, candidate: 3 requests were dropped",)
    assert [one.number for one in found.rounds] == [1, 2]
    assert json.loads(regression_json(found))["exit_code"] == 3


def test_a_waived_regression_is_shown_and_decides_nothing() -> None:
    found = ran(shift=1.5, waivers=[WAIVER])
    assert found.rulings[0].waiver == WAIVER
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.decision.reasons == ("every rule is waived: nothing was decided",)


def test_a_self_test_publishes_the_noise_floor() -> None:
    found = ran(OLD)
    assert found.decision.outcome is Outcome.ALLOW
    document = json.loads(noise_json(found))
    assert (document["target"], document["rounds"]) == (OLD, 5)
    (noise,) = document["rules"]
    assert noise["ratio"]["low"] < 1 < noise["ratio"]["high"]
    assert noise["smallest_tolerance"] == pytest.approx(noise["ratio"]["high"] - 1)
    assert 0 < noise["smallest_tolerance"] < 0.1


def test_a_self_test_that_finds_a_regression_shows_that_nothing_can_be_decided() -> None:
    times = iter(range(100))

    def measure(_: str) -> Values:
        # Whatever it is, it comes to the middle of every round.
        return {("swipe-p95", "run"): 0.03 if next(times) % 4 in (1, 2) else 0.02}

    match = Match(OLD, OLD, [P95], [], 5)
    found = regress(match, Game(measure, keys_of([P95]), lambda _: None))
    assert found.decision.outcome is Outcome.UNDECIDED
    assert found.decision.outcome.exit_code == 3
    assert found.decision.reasons[0].startswith("a target differs from itself here")
    assert "failed: surely past" in found.decision.reasons[1]


def test_a_comparison_has_no_noise_floor() -> None:
    assert ran().noise is None


def test_the_document_tells_every_measurement_and_no_password() -> None:
    secret = "http://me:hidden@old"
    machine = Machine({secret: 0.02, NEW: 0.02}, seed=3)
    match = Match(secret, NEW, [P95], [], 5)
    found = regress(match, Game(machine.measure, keys_of([P95]), lambda _: None))
    text = regression_json(found)
    document = json.loads(text)
    assert "hidden" not in text
    assert (document["decision"], document["exit_code"]) == ("allow", 0)
    assert len(document["rounds"]) == 5
    (measured,) = document["rounds"][0]["base"][1]
    assert measured["value"] == found.rounds[0].base[1]["swipe-p95", "run"]
    (ruling,) = document["rulings"]
    assert ruling["compared"] == found.rulings[0].compared
    assert ruling["limit"] == "not both 10 % and 1 ms above the baseline"


def test_what_json_has_no_number_for_is_null() -> None:
    measure = {("swipe-p95", "run"): float("inf")}
    game = Game(lambda _: measure, keys_of([P95]), lambda _: None)
    for candidate in (NEW, OLD):
        found = regress(Match(OLD, candidate, [P95], [], 5), game)
        for text in (regression_json(found), noise_json(found)):
            assert "Infinity" not in text
            assert "NaN" not in text
