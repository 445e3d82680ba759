"""What the generator saw, as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from loadtests.load import ALL
from loadtests.reports.quantiles import quantiles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.load import Answers, Load, StepLoad


def load_document(load: Load) -> dict[str, Any]:
    """Turn a load into JSON: seconds run from the intended start, and a failed request's never end.

    `prepared` and `steps` hold the answers by operation, and `all` of them together.
    """
    return {
        "sessions": load.sessions,
        "started": load.started,
        "load_started": load.load_started,
        "load_ended": load.load_ended,
        "planned": load.planned,
        "sent": load.sent,
        "dropped": load.dropped,
        "requests": load.requests,
        "unanswered": load.unanswered,
        "problems": load.problems,
        "prepared": _operations(load.prepared),
        "steps": [_step(step) for step in load.steps],
        "lag_seconds": quantiles(load.lag.counts()),
        "workers_expected": load.workers_expected,
        "workers": [asdict(worker) for worker in load.workers],
        "slowest": [asdict(trace) for trace in load.slowest],
    }


def _step(step: StepLoad) -> dict[str, Any]:
    return {
        "name": step.name,
        "warm_up": step.warm_up,
        "started": step.started,
        "ended": step.ended,
        "planned": step.planned,
        "sent": step.sent,
        "dropped": step.dropped,
        "operations": _operations(step.operations) | {ALL: _answers(step.answers())},
    }


def _operations(operations: Mapping[str, Answers]) -> dict[str, Any]:
    return {name: _answers(answers) for name, answers in sorted(operations.items())}


def _answers(answers: Answers) -> dict[str, Any]:
    return {
        "sent": answers.total,
        "failed": answers.failed,
        "unanswered": answers.unanswered,
        "statuses": {str(status): n for status, n in sorted(answers.statuses.items())},
        "seconds": quantiles(answers.latencies()),
    }
