"""Rounds in which a base and a candidate are measured in turn: A B B A.

Whatever slows the machine evenly within a round then slows both alike; whatever differs from round
to round differs for both. So a round is one piece of evidence, however many requests it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, TypeAlias

from loadtests.baseline.model import Key
from loadtests.errors import InvalidRun, MisuseError
from slo.statistics.comparison import MINIMUM_ROUNDS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Values: TypeAlias = dict[Key, float]
# Measures one target once; raises InvalidRun when what it saw is no evidence.
Measure: TypeAlias = Callable[[str], Values]


@dataclass(frozen=True, slots=True)
class Played:
    """One round, counted from 1: the first and the last measurement are of the base."""

    number: int
    base: tuple[Values, Values]
    candidate: tuple[Values, Values]


@dataclass(frozen=True, slots=True)
class Game:
    """What every measurement must tell, how to take one, and whom to tell how far it is."""

    measure: Measure
    keys: Collection[Key]
    say: Callable[[str], None]

    def play(self, base: str, candidate: str, rounds: int) -> Iterator[Played]:
        """Yield rounds as they are played; raises MisuseError at once for too few.

        The first measurement that is no evidence raises InvalidRun: what follows could not mend it.
        """
        refuse_few(rounds)
        return self._play(base, candidate, rounds)

    def repeat(self, target: str, rounds: int) -> Iterator[Values]:
        """Yield measurements of one target, one a round; raises as `play` does."""
        refuse_few(rounds)
        return (self._once(target, f"round {n} of {rounds}") for n in range(1, rounds + 1))

    def _play(self, base: str, candidate: str, rounds: int) -> Iterator[Played]:
        for number in range(1, rounds + 1):
            told = f"round {number} of {rounds}"
            first = self._once(base, f"{told}, base")
            second = self._once(candidate, f"{told}, candidate")
            third = self._once(candidate, f"{told}, candidate again")
            last = self._once(base, f"{told}, base again")
            yield Played(number, (first, last), (second, third))

    def _once(self, target: str, told: str) -> Values:
        self.say(told)
        try:
            values = self.measure(target)
        except InvalidRun as error:
            raise InvalidRun(f"{told}: {error}") from error
        for rule, over in self.keys:
            value = values.get((rule, over))
            if value is None or isnan(value) or value < 0:
                raise InvalidRun(f"{told}: {rule} over {over} was not measured")
        return values


def refuse_few(rounds: int) -> None:
    """Raise MisuseError for rounds that could never decide anything."""
    if rounds < MINIMUM_ROUNDS:
        raise MisuseError(f"{rounds} rounds decide nothing; at least {MINIMUM_ROUNDS}")
