"""What a regression run has shown, and what it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.judging.model import Status
from loadtests.result import noted, sentence
from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from loadtests.judging.model import Ruling
    from loadtests.regression.noise import Noise
    from loadtests.regression.rounds import Played


NOISY = "a target differs from itself here: with these tolerances nothing can be decided"


@dataclass(frozen=True, slots=True)
class Regression:
    """All rounds, a ruling for every rule and step, and why the run is no evidence, if it is none.

    With `noise` the base was its own candidate, and only the machine was judged.
    """

    base: str
    candidate: str
    started: datetime
    ended: datetime
    rounds: tuple[Played, ...]
    rulings: tuple[Ruling, ...]
    invalid: str = ""
    noise: tuple[Noise, ...] | None = None

    @property
    def decision(self) -> Decision:
        """Decide: a regression blocks, what is unknown leaves it undecided, what is waived neither.

        A self-test that finds a difference where there is none has shown that nothing can be
        decided on this machine.
        """
        if self.invalid or not self.rulings:
            return Decision(Outcome.UNDECIDED, (self.invalid or "no rule was judged",))
        for status in (Status.FAILED, Status.UNDECIDED):
            if found := [r for r in self.rulings if r.status is status and not r.waiver]:
                told = tuple(map(sentence, found))
                if self.noise is not None:
                    return Decision(Outcome.UNDECIDED, (NOISY, *told))
                blocks = status is Status.FAILED
                return Decision(Outcome.BLOCK if blocks else Outcome.UNDECIDED, told)
        if all(ruling.waiver for ruling in self.rulings):
            return Decision(Outcome.UNDECIDED, ("every rule is waived: nothing was decided",))
        return Decision(Outcome.ALLOW, tuple(sentence(r) for r in self.rulings if noted(r)))
