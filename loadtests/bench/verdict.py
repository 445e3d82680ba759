"""Whether what was measured keeps its limits, by ratios within each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.bench.statistics import Estimate

ELLIPSIS = "…"
FEW_TIMES = 10


@dataclass(frozen=True, slots=True)
class Check:
    """A ratio and the most that it may be."""

    name: str
    at_most: float
    ratio: Estimate

    @property
    def outcome(self) -> Outcome:
        """Decide only when the whole interval is on one side of the limit."""
        if self.ratio.high <= self.at_most:
            return Outcome.ALLOW
        return Outcome.BLOCK if self.ratio.low > self.at_most else Outcome.UNDECIDED

    @property
    def sentence(self) -> str:
        """Say what was measured and what was allowed."""
        ratio = self.ratio
        return (
            f"{self.name}: {ratio.value:.1%} ({ratio.low:.1%} to {ratio.high:.1%}), "
            f"at most {self.at_most:.0%}"
        )


@dataclass(frozen=True, slots=True)
class AtLeast:
    """How many times more one does than another, and the least that it must be.

    The name is the sentence that tells it, with an ellipsis where the figure belongs.
    """

    name: str
    at_least: float
    ratio: Estimate
    # What is aimed at beyond the limit; nothing fails by it.
    reach: float | None = None

    @property
    def outcome(self) -> Outcome:
        """Decide only when the whole interval is on one side of the limit; NaN is on neither."""
        if self.ratio.low >= self.at_least:
            return Outcome.ALLOW
        return Outcome.BLOCK if self.ratio.high < self.at_least else Outcome.UNDECIDED

    @property
    def sentence(self) -> str:
        """Say what was measured and what was asked for."""
        aim = "" if self.reach is None else f"; reach {self.reach:g}"
        told = self.name.replace(ELLIPSIS, times(self.ratio))
        return f"{told}, at least {self.at_least:g}{aim}"


Limit = Check | AtLeast


def times(ratio: Estimate) -> str:
    """Write a ratio and its interval."""
    # A limit of 1.7 is missed by hundredths, one of 30 is not.
    digits = 2 if ratio.value < FEW_TIMES else 1
    value, low, high = (f"{x:,.{digits}f}" for x in (ratio.value, ratio.low, ratio.high))
    return f"{value} times ({low} to {high})"


def decide(checks: Sequence[Limit]) -> Decision:
    """Block when a limit is broken, whatever else is unknown; nothing measured is not a pass."""
    for outcome in (Outcome.BLOCK, Outcome.UNDECIDED):
        found = [check.sentence for check in checks if check.outcome is outcome]
        if found:
            return Decision(outcome, tuple(found))
    if not checks:
        return Decision(Outcome.UNDECIDED, ("nothing was measured",))
    return Decision(Outcome.ALLOW, ())
