"""Where a climbing load broke the service: the steps that it carried are judged, no others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loadtests.judging.model import Check
from loadtests.judging.validity import ACHIEVED

if TYPE_CHECKING:
    from loadtests.load import Load, StepLoad

# The alert on latency pages above it; what failed never came.
P99, LONGEST_P99_SECONDS = 0.99, 1.0


def carried(load: Load) -> tuple[Load, Check]:
    """Return a load up to the step that broke, and what that was.

    A step is carried when everything planned was sent, and 99 % of it was answered well within a
    second. A load that broke in its first step stays whole: then nothing is left
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
    slow = sum(count for seconds, count in answers.latencies() if seconds > LONGEST_P99_SECONDS)
    if slow > (1 - P99) * answers.total:
        some = f"{slow} of {answers.total} requests"
        return f"{some} failed or took longer than {LONGEST_P99_SECONDS:g} s"
    return ""


def _rate(step: StepLoad) -> str:
    return f"{(step.planned or 0) / step.seconds:.4g}/s"
