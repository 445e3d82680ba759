"""What a gate rule is: a measure, over a run or its steps, and the limits that it must keep.

Nothing has a default: a rule that somebody left incomplete cannot be made, so it cannot pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.rules.units import RuleError
from slo.model import SLO_ID
from slo.specs.locate import shown

if TYPE_CHECKING:
    from loadtests.rules.limits import Limit
    from loadtests.rules.measures import Measure


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the gate, and where it is written.

    `steps` are judged one by one; an empty tuple is the whole run.
    """

    id: str
    reason: str
    steps: tuple[str, ...]
    measure: Measure
    limit: Limit
    file: str
    line: int

    def __post_init__(self) -> None:
        """Raise RuleError without a name or a reason, and for limits that its measure lacks."""
        refuse_id(self.id)
        refuse_reason(self.reason)
        if len(set(self.steps)) < len(self.steps):
            raise RuleError("a step is named twice; keep one", "over")
        for error in self.limit.refusals(self.measure):
            raise error


def refuse_id(name: str) -> None:
    """Raise RuleError for an id that is none."""
    if not SLO_ID.fullmatch(name):
        raise RuleError(f"{shown(name)} is no id; 3 to 64 of a-z, 0-9 and -, a letter first", "id")


def refuse_reason(reason: str) -> None:
    """Raise RuleError for a reason that says nothing."""
    if not reason.strip():
        raise RuleError("the reason is empty; say what breaks for whom", "reason")
