"""Whether to ship: one decision from many results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from slo.report import Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.report import SloResult


class Outcome(StrEnum):
    """What a pipeline is told."""

    ALLOW = "allow"
    BLOCK = "block"
    UNDECIDED = "undecided"

    @property
    def exit_code(self) -> int:
        """Return 0 to ship, 1 not to, 3 when it could not be decided."""
        return {Outcome.ALLOW: 0, Outcome.BLOCK: 1, Outcome.UNDECIDED: 3}[self]


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome and one sentence a reason."""

    outcome: Outcome
    reasons: tuple[str, ...]


def decide(results: Sequence[SloResult]) -> Decision:
    """Allow only when every promise was measured and kept.

    A broken promise blocks whatever else is unknown; without one, anything unknown leaves it
    undecided, and so does an empty list: nothing measured is not a pass.
    """
    broken = [r for r in results if r.verdict in (Verdict.EXHAUSTED, Verdict.BURNING)]
    if broken:
        return Decision(Outcome.BLOCK, tuple(map(_sentence, broken)))
    unknown = [r for r in results if r.verdict is not Verdict.MET]
    if unknown:
        return Decision(Outcome.UNDECIDED, tuple(map(_sentence, unknown)))
    if not results:
        return Decision(Outcome.UNDECIDED, ("no SLO was measured",))
    return Decision(Outcome.ALLOW, ())


def _sentence(result: SloResult) -> str:
    return (
        f"{result.name}: {result.verdict.value}, measured {result.measured}, "
        f"limit {result.limit}: {result.reason}"
    )
