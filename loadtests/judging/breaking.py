"""Where a climbing load broke the service: the steps that it carried are judged, no others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loadtests.judging.model import Check
from loadtests.judging.validity import ACHIEVED

if TYPE_CHECKING:
    from loadtests.load import Load, StepLoad

# The alert on errors pages above it.
MOST_FAILED = 0.05
# The alert on latency pages above it.
LONGEST_P99_SECONDS = 1.0


def carried(load: Load) -> tuple[Load, Check]:
    """Return a load up to the step that broke, and what that was.

    A step is carried when everything planned was sent in time, at most 5 % failed, and 99 % were
    answered within a second. A load that broke in its first step stays whole: then nothing is left
    to judge.
    """
    title = "The highest rate that was carried"
    for number, step in enumerate(load.steps):
        problem = _broken(step)
        if problem and number and not load.steps[number - 1].warm_up:
            before = load.steps[number - 1]
            detail = f"{_rate(before)}; at {_rate(step)} {problem}"
            check = Check("carried", title, passed=True, detail=detail)
            return replace(load, steps=load.steps[:number]), check
        if problem:
            return load, Check("carried", title, passed=False, detail=f"none: {problem}")
    detail = f"{_rate(load.steps[-1])}, the last that was planned"
    return load, Check("carried", title, passed=True, detail=detail)


def _broken(step: StepLoad) -> str:
    """Say why a step was not carried; empty when it was."""
    answers = step.answers()
    if step.dropped:
        return f"{step.dropped} requests were dropped"
    if step.planned is not None and step.sent < ACHIEVED * step.planned:
        return f"{step.sent} of {step.planned} requests were sent"
    if answers.failed > MOST_FAILED * answers.total:
        return f"{answers.failed} of {answers.total} requests failed"
    slow = sum(count for seconds, count in answers.latencies() if seconds > LONGEST_P99_SECONDS)
    if slow > 0.01 * answers.total:
        return f"{slow} of {answers.total} requests took longer than {LONGEST_P99_SECONDS:g} s"
    return ""


def _rate(step: StepLoad) -> str:
    return f"{(step.planned or 0) / step.seconds:.4g}/s"
