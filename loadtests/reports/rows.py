"""The words that reports share: one row a fact, the same in HTML, Markdown and JUnit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slo.report import Verdict

if TYPE_CHECKING:
    from loadtests.measurement import Measured
    from loadtests.result import RunResult

# Worst first: what a reader came for stands at the top.
ORDER = (Verdict.EXHAUSTED, Verdict.BURNING, Verdict.NO_DATA, Verdict.MET)


class Check(NamedTuple):
    """Something that must be so for the run to be evidence."""

    name: str
    passed: bool
    detail: str


def summary(result: RunResult) -> str:
    """Say in one sentence what was done."""
    fault = "" if result.plan.fault == "none" else f", with the fault {result.plan.fault} injected"
    return (
        f"{result.plan.load.adopters} adopters swiped for {result.plan.load.seconds} s "
        f"from {result.plan.started:%Y-%m-%d %H:%M:%S} UTC{fault}."
    )


def checks(result: RunResult) -> list[Check]:
    """List what makes the run evidence; a failed one leaves the decision undecided."""
    failed = [Check("run validity", passed=False, detail=reason) for reason in result.invalid]
    if failed or result.conservation is None:
        return failed
    counted = result.conservation
    same = f"{counted.acknowledged:,} acknowledged = metric"
    if counted.rows is not None:
        same += " = rows in PostgreSQL"
    return [
        Check("swipes counted alike", passed=True, detail=same),
        Check("scrapes without a gap", passed=True, detail="every worker, whole window"),
    ]


def number(measured: Measured, scale: float = 1, digits: int = 0) -> str:
    """Write a measured number, or a dash when there is none."""
    return "–" if measured.value is None else f"{measured.value * scale:,.{digits}f}"
