"""Evidence against a number: the limit of a rule, and its warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.judging.words import written
from loadtests.rules.measures import Worse
from slo.statistics.intervals import Finding, Interval, find

if TYPE_CHECKING:
    from loadtests.judging.evidence import Evidence
    from loadtests.rules.units import Quantity


def against(evidence: Evidence, limit: Quantity, worse: Worse) -> tuple[Finding, str]:
    """Say whether evidence is surely inside a limit or surely past it, and why, a phrase."""
    low, high = evidence.bounds
    bound = float(limit.value)
    if worse is Worse.HIGHER:
        finding = find(Interval(None, low, high, 1), bound)
    else:
        finding = find(Interval(None, -high, -low, 1), -bound)
    return finding, _why(finding, evidence, limit, worse)


def _why(finding: Finding, evidence: Evidence, limit: Quantity, worse: Worse) -> str:
    low, high = (written(bound, limit.unit) for bound in evidence.bounds)
    if finding is Finding.UNDECIDED:
        return f"{limit} is between {low} and {high}, too wide an interval to tell"
    if low == high:
        return f"{low} is {'inside' if finding is Finding.PASSES else 'past'} {limit}"
    if finding is Finding.PASSES:
        return f"all of {low} to {high} is inside {limit}"
    good = low if worse is Worse.HIGHER else high
    return f"even the good side of the interval, {good}, is past {limit}"
