from __future__ import annotations

from math import inf, nan

import pytest

from loadtests.errors import InvalidRun, MisuseError
from loadtests.regression.rounds import Game, Played, Values

KEY = ("swipe-p95", "run")


class Told:
    """Tells the same of every target, but once something else."""

    def __init__(self, at: int = 0, instead: Values | InvalidRun | None = None) -> None:
        self.at = at
        self.instead = instead
        self.asked: list[str] = []

    def measure(self, target: str) -> Values:
        self.asked.append(target)
        if len(self.asked) == self.at:
            if isinstance(self.instead, InvalidRun):
                raise self.instead
            assert self.instead is not None
            return self.instead
        return {KEY: float(len(self.asked))}


def test_a_round_measures_base_candidate_candidate_base() -> None:
    told, said = Told(), list[str]()
    played = list(Game(told.measure, [KEY], said.append).play("old", "new", 5))
    assert told.asked == ["old", "new", "new", "old"] * 5
    assert played[1] == Played(2, ({KEY: 5.0}, {KEY: 8.0}), ({KEY: 6.0}, {KEY: 7.0}))
    assert said[:5] == [
        "round 1 of 5, base",
        "round 1 of 5, candidate",
        "round 1 of 5, candidate again",
        "round 1 of 5, base again",
        "round 2 of 5, base",
    ]


def test_a_target_alone_is_measured_once_a_round() -> None:
    told = Told()
    found = list(Game(told.measure, [KEY], lambda _: None).repeat("only", 5))
    assert told.asked == ["only"] * 5
    assert found == [{KEY: float(n)} for n in range(1, 6)]


@pytest.mark.parametrize("rounds", [-1, 0, 1, 4])
def test_fewer_than_five_rounds_are_misuse_before_anything_is_measured(rounds: int) -> None:
    told = Told()
    game = Game(told.measure, [KEY], lambda _: None)
    with pytest.raises(MisuseError, match=f"{rounds} rounds decide nothing; at least 5"):
        game.play("old", "new", rounds)
    with pytest.raises(MisuseError, match="at least 5"):
        game.repeat("old", rounds)
    assert told.asked == []


@pytest.mark.parametrize("instead", [{}, {KEY: nan}, {KEY: -1.0}, {("swipe-p95", "peak"): 1.0}])
def test_a_measurement_without_a_number_for_every_rule_ends_the_run(instead: Values) -> None:
    told = Told(6, instead)
    with pytest.raises(
        InvalidRun, match="round 2 of 5, candidate: swipe-p95 over run was not measured"
    ):
        list(Game(told.measure, [KEY], lambda _: None).play("old", "new", 5))
    assert len(told.asked) == 6


def test_a_measurement_that_never_ended_is_one() -> None:
    told = Told(6, {KEY: inf})
    played = list(Game(told.measure, [KEY], lambda _: None).play("old", "new", 5))
    assert played[1].candidate[0][KEY] == inf


def test_the_first_load_that_is_no_evidence_ends_the_run() -> None:
    told = Told(4, InvalidRun("3 requests were dropped"))
    found: list[Played] = []
    with pytest.raises(InvalidRun, match="round 1 of 5, base again: 3 requests were dropped"):
        found += Game(told.measure, [KEY], lambda _: None).play("old", "new", 5)
    assert len(told.asked) == 4
    assert found == []
