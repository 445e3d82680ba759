"""Versions of a service on a machine that nobody has to itself, simulated."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from fractions import Fraction
from math import exp
from typing import TYPE_CHECKING

from loadtests.baseline.configuration import keys_of
from loadtests.regression.judge import judge
from loadtests.regression.rounds import Game
from loadtests.rules.limits import Allowance, Relative
from loadtests.rules.measures import Errors, Quantile, Rate, Under
from loadtests.rules.model import Rule
from loadtests.rules.units import quantity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.judging.model import Ruling
    from loadtests.regression.rounds import Played, Values
    from loadtests.rules.measures import Measure

STARTED = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
SWIPES = "POST /api/swipes"
NOISE = 0.03


def rule(
    name: str,
    measure: Measure,
    fail: tuple[str, str],
    warn: tuple[str, str] | None = None,
    steps: tuple[str, ...] = (),
) -> Rule:
    fails, warns = (
        None if given is None else Allowance(quantity(given[0]).value, quantity(given[1]))
        for given in (fail, warn)
    )
    assert fails is not None
    return Rule(name, "It matters.", steps, measure, Relative(fails, warns), "rules.yml", 3)


P95 = rule("swipe-p95", Quantile(SWIPES, Fraction("0.95")), ("10 %", "1 ms"))
FAST = rule("swipe-fast", Under(SWIPES, quantity("150 ms")), ("10 %", "1 %"))
ERRORS = rule("few-errors", Errors("all"), ("10 %", "0.1 %"))
RATE = rule("swipe-rate", Rate(SWIPES), ("10 %", "5 /s"))


class Machine:
    """Tells a value for every version; what else runs on it changes from round to round.

    From one round to the next it differs by far more than versions do, and within a round it gets
    slower or faster at one pace.
    """

    def __init__(self, versions: Mapping[str, float], seed: int, ruled: Rule = P95) -> None:
        self._versions = versions
        self._ruled = ruled
        self._dice = random.Random(seed)  # noqa: S311  # no secret
        self._measured = 0
        self.targets: list[str] = []

    def measure(self, target: str) -> Values:
        turn = self._measured % 4
        if not turn:
            self._speed = self._dice.lognormvariate(0, 0.3)
            self._drift = self._dice.uniform(-0.05, 0.05)
        self._measured += 1
        self.targets.append(target)
        noise = exp(self._dice.gauss(self._drift * turn, NOISE))
        return {("swipe-p95", "run"): self._versions[target] * self._speed * noise}


def play(versions: Mapping[str, float], seed: int, rounds: int = 5) -> tuple[Played, ...]:
    game = Game(Machine(versions, seed).measure, keys_of([P95]), lambda _: None)
    return tuple(game.play("base", "candidate", rounds))


def judged(ruled: Rule, played: tuple[Played, ...]) -> Ruling:
    (ruling,) = judge([ruled], played, STARTED, STARTED)
    return ruling
