"""A whole regression run: rounds, rulings, and the noise of a self-test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun
from loadtests.judging.combine import waived
from loadtests.regression.judge import judge
from loadtests.regression.model import Regression
from loadtests.regression.noise import noise_floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.regression.rounds import Game, Played
    from loadtests.rules.model import Rule
    from loadtests.waivers.model import Waiver


@dataclass(frozen=True, slots=True)
class Match:
    """Who plays against whom, by which rules; a self-test has the same target twice."""

    base: str
    candidate: str
    rules: Sequence[Rule]
    waivers: Sequence[Waiver]
    rounds: int

    @property
    def self_test(self) -> bool:
        """Tell whether the base is its own candidate."""
        return self.base == self.candidate


def regress(match: Match, game: Game) -> Regression:
    """Play all rounds and judge them; what ended the run early is its result, too.

    Raises MisuseError before the first round when there are too few.
    """
    started, invalid = datetime.now(UTC), ""
    played: list[Played] = []
    rounds = game.play(match.base, match.candidate, match.rounds)
    try:
        # What was played before it broke off stays.
        played.extend(rounds)
    except InvalidRun as error:
        invalid = str(error)
    ended = datetime.now(UTC)
    rulings = () if invalid else judge(match.rules, played, started, ended)
    noise = noise_floor(match.rules, played) if match.self_test and not invalid else ()
    return Regression(
        match.base,
        match.candidate,
        started,
        ended,
        tuple(played),
        waived(rulings, match.waivers),
        invalid,
        noise if match.self_test else None,
    )
