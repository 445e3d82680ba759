"""What the counts of a look say: limits that hold for the canary alone, and against stable.

Latency is the share of answers above a bucket edge, because buckets are too wide for quantiles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.statistics.differences import difference_interval
from slo.statistics.intervals import CONFIDENCE, Finding, Interval, find, ratio_interval

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo.canary.counts import Counted
    from slo.canary.plan import Plan

# Fewer may all be of one client, which repeats what fails.
FEWEST = 100


@dataclass(frozen=True, slots=True)
class Check:
    """One question and its answer: the usual interval, and the one that a roll-back needs."""

    question: str
    limit: float
    usual: Interval
    sure: Interval

    @property
    def finding(self) -> Finding:
        """Fail only what is as sure as a whole walk needs it, pass what is as sure as usual."""
        if find(self.sure, self.limit) is Finding.FAILS:
            return Finding.FAILS
        passes = find(self.usual, self.limit) is Finding.PASSES
        return Finding.PASSES if passes else Finding.UNDECIDED


def alone(canary: Counted, plan: Plan) -> tuple[Check, ...]:
    """Hold the canary against the limits that it may pass by no means.

    Fewer than a hundred events fail nothing. Raises CountsError for counts that cannot be.
    """
    limits = plan.limits
    return (
        _check("errors", limits.errors, plan, _ratio(canary.failed, canary.total)),
        _check(
            f"slower than {limits.slow_seconds:g} s",
            limits.slow,
            plan,
            _ratio(canary.slow, canary.answered),
        ),
    )


def against(canary: Counted, stable: Counted, plan: Plan) -> tuple[Check, ...]:
    """Hold the canary against stable: how much larger its share of bad events is."""
    limits = plan.limits
    errors = (canary.failed, canary.total), (stable.failed, stable.total)
    late = (canary.late, canary.answered), (stable.late, stable.answered)
    return (
        _check(
            "errors more than stable",
            limits.more_errors,
            plan,
            lambda sure: difference_interval(*errors, sure),
        ),
        _check(
            f"slower than {limits.late_seconds:g} s more than stable",
            limits.more_late,
            plan,
            lambda sure: difference_interval(*late, sure),
        ),
    )


def _ratio(bad: float, total: float) -> Callable[[float], Interval]:
    return lambda sure: ratio_interval(bad, total, sure)


def _check(question: str, limit: float, plan: Plan, interval: Callable[[float], Interval]) -> Check:
    return Check(question, limit, interval(CONFIDENCE), interval(plan.confidence))
