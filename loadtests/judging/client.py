"""What the generator saw of a rule: shares, quantiles, errors and rates, and how sure they are.

Failed requests are infinitely slow, and late by all that they had to wait for their turn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.arrivals.histogram import PARTS
from loadtests.judging.evidence import Evidence, span
from loadtests.load import merged
from loadtests.rules.measures import Errors, Quantile, Rate, Under
from slo.statistics.intervals import quantile_interval, ratio_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.judging.evidence import Sent
    from loadtests.load import Answers, StepLoad

Client = Under | Quantile | Errors | Rate


def seen(measure: Client, step: str | None, observed: Sent) -> Evidence:
    """Return what was seen over one step, or over the run.

    The run is all judged steps together; errors count in warm-ups as well: who warms up the service
    may be slow, but nothing may break.
    """
    if step is not None:
        steps = observed.steps(step)
    else:
        steps = observed.all if isinstance(measure, Errors) else observed.judged
    answers = merged(part.answers(measure.operation) for part in steps)
    started, ended = span(steps)
    if not answers.total:
        what = "nothing" if measure.operation == "all" else f"no {measure.operation}"
        return Evidence(started=started, ended=ended, missing=f"{what} was sent")
    value, low, high = _measured(measure, answers, steps)
    note = ""
    if isinstance(measure, Quantile) and answers.failed:
        note = f"{answers.failed} of {answers.total} failed and count as infinitely slow"
    return Evidence(value, low, high, answers.total, started=started, ended=ended, note=note)


def _measured(
    measure: Client, answers: Answers, steps: Sequence[StepLoad]
) -> tuple[float, float, float]:
    match measure:
        case Under():
            return under(answers, float(measure.threshold.value))
        case Quantile():
            return quantile(answers, float(measure.share))
        case Errors():
            found = ratio_interval(answers.failed, answers.total)
            return answers.failed / answers.total, found.low, found.high
        case Rate():
            return rate(answers, sum(step.seconds for step in steps))


def under(answers: Answers, seconds: float) -> tuple[float, float, float]:
    """Return the share that was answered well in less time, and the interval around it.

    Of the bucket that the threshold cuts nobody knows: it counts as too slow in the value and in
    the low side, as fast enough in the high one, so that neither a pass nor a failure rests on it.
    """
    shorter, cut = answers.good.below(seconds)
    total = answers.total
    most = ratio_interval(total - shorter, total)
    least = ratio_interval(total - shorter - cut, total)
    return shorter / total, 1 - most.high, 1 - least.low


def quantile(answers: Answers, share: float) -> tuple[float, float, float]:
    """Return a latency in seconds, infinite where so many failed, and the interval around it.

    A bucket stands for its upper edge; for the low side, which proves a failure, it is taken by
    its lower one.
    """
    found = quantile_interval(answers.latencies(), share)
    value = float("inf") if found.value is None else found.value
    return value, max(0.0, found.low) * PARTS / (PARTS + 1), found.high


def rate(answers: Answers, seconds: float) -> tuple[float, float, float]:
    """Return the good answers a second of the time that was planned; the interval is no wider.

    The arrivals were planned and the answers are all there were: it is a count and no sample, which
    a Poisson interval would take for chance, and call the planned rate itself undecided.
    """
    value = answers.good.total / seconds
    return value, value, value
