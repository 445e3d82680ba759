"""What a check finds and is meant so: the check, the rule, and why, in this one place."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alerts.reading.problem import Problem


@dataclass(frozen=True, slots=True)
class Exemption:
    """A rule, or all of a pattern, in which a check finds what is right there."""

    check: str
    rule: str
    why: str

    def covers(self, problem: Problem) -> bool:
        """Say whether a finding is one of those."""
        return problem.check == self.check and fnmatchcase(problem.rule, self.rule)


EXEMPTIONS = (
    Exemption(
        "promql/performance",
        "service:cost:dollars_per_hour",
        "it reads one series a target, less than a step more from declaration to rule would cost",
    ),
    Exemption(
        "rule/dependency",
        "slo:*",
        "the community's dashboards and `python -m slo` read every series that Sloth names",
    ),
)


def exempted(problem: Problem) -> bool:
    """Say whether a finding is meant so."""
    return any(exemption.covers(problem) for exemption in EXEMPTIONS)
