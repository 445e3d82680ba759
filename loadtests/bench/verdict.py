"""Whether what was measured keeps its limits, by ratios within each round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.bench.statistics import Estimate


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


def decide(checks: Sequence[Check]) -> Decision:
    """Block when a limit is broken, whatever else is unknown; nothing measured is not a pass."""
    for outcome in (Outcome.BLOCK, Outcome.UNDECIDED):
        found = [check.sentence for check in checks if check.outcome is outcome]
        if found:
            return Decision(outcome, tuple(found))
    if not checks:
        return Decision(Outcome.UNDECIDED, ("nothing was measured",))
    return Decision(Outcome.ALLOW, ())
