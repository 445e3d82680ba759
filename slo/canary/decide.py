"""Promote, hold or roll back: one decision from one look."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from slo.canary.compare import FEWEST, against, alone
from slo.statistics.intervals import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slo.canary.compare import Check
    from slo.canary.counts import Counted
    from slo.canary.plan import Plan
    from slo.statistics.intervals import Interval


class Action(StrEnum):
    """What to do with the traffic of the canary."""

    PROMOTE = "promote"
    HOLD = "hold"
    ROLL_BACK = "roll_back"


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a step: counts, None where nothing is known, and why not.

    `compared` is False where all traffic goes to the canary, so that stable has none.
    """

    canary: Counted | None
    stable: Counted | None
    missing: tuple[str, ...] = ()
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, one sentence a reason, and the checks that led to it."""

    action: Action
    reasons: tuple[str, ...]
    checks: tuple[Check, ...] = ()


def decide(look: Look, plan: Plan, spent: float) -> Decision:
    """Decide after so many seconds of a step.

    A limit that the canary surely passes rolls back at once; being worse than stable does from the
    minimum of events on. Promoted is only what has lasted as long as a step should, and surely
    keeps every limit. Raises CountsError for counts that cannot be.
    """
    own = alone(look.canary, plan) if look.canary else ()
    if look.canary and look.canary.total >= FEWEST and (failed := _failed(own)):
        return Decision(Action.ROLL_BACK, failed, own)
    if lacking := (*look.missing, *_too_few(look, plan)):
        return Decision(Action.HOLD, lacking, own)
    if look.canary and look.stable and look.compared:
        own += against(look.canary, look.stable, plan)
    return _from_checks(own, plan, spent)


def _from_checks(checks: tuple[Check, ...], plan: Plan, spent: float) -> Decision:
    if failed := _failed(checks):
        return Decision(Action.ROLL_BACK, failed, checks)
    if spent < plan.seconds:
        return Decision(Action.HOLD, (f"measuring until {plan.seconds:g} s",), checks)
    if open_ := tuple(_open(check) for check in checks if check.finding is not Finding.PASSES):
        return Decision(Action.HOLD, open_, checks)
    return Decision(Action.PROMOTE, ("every limit is surely kept",), checks)


def _too_few(look: Look, plan: Plan) -> Iterator[str]:
    versions = {"the canary": look.canary} | ({"stable": look.stable} if look.compared else {})
    for name, counted in versions.items():
        if counted is None:
            if not look.missing:
                yield f"nothing is known of {name}"
        elif counted.total < plan.minimum:
            yield f"{counted.total:,.0f} events of {name}, at least {plan.minimum:,} are needed"


def _failed(checks: tuple[Check, ...]) -> tuple[str, ...]:
    return tuple(
        f"{check.question}: {shown(check.sure)}, limit {percent(check.limit)}"
        for check in checks
        if check.finding is Finding.FAILS
    )


def _open(check: Check) -> str:
    return (
        f"{check.question}: {shown(check.usual)} does not say whether within {percent(check.limit)}"
    )


def shown(interval: Interval) -> str:
    """Write a ratio and its interval."""
    if interval.value is None:
        return "no event"
    return f"{percent(interval.value)} ({percent(interval.low)} to {percent(interval.high)})"


def percent(ratio: float) -> str:
    """Write a share with two decimals."""
    return f"{ratio * 100:.2f} %"
