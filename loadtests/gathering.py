"""Putting together what all processes of a generator have noted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from loadtests.arrivals.histogram import Histogram
from loadtests.arrivals.meter import SLOWEST, read_answers, read_slowest
from loadtests.arrivals.schedule import Schedule
from loadtests.load import Load, StepLoad, WorkerLoad, merged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from loadtests.load import Answers
    from loadtests.plan import LoadPlan


def gather(
    document: Mapping[str, Any], plan: LoadPlan, processes: int, started: datetime, ended: datetime
) -> Load:
    """Return the load that so many processes were to send.

    Everything that makes it no whole one is among its problems. Raises InvalidRun for a message
    that no process of ours has written.
    """
    reports: dict[str, Any] = document["measured"]
    begin = document["begin_at"]
    moment = datetime.fromtimestamp(begin, UTC) if begin else started
    load = Load(
        sessions=plan.sessions,
        started=started,
        load_started=moment,
        load_ended=max(ended, moment),
        steps=_steps(plan, moment),
        workers_expected=processes,
        problems=_problems(document, plan, processes),
    )
    for index, report in sorted(reports.items(), key=lambda item: int(item[0])):
        _add(load, int(index), report)
    load.slowest = sorted(load.slowest, key=lambda slow: -slow.seconds)[:SLOWEST]
    return load


def _steps(plan: LoadPlan, begin: datetime) -> list[StepLoad]:
    counts: Mapping[str, int | None] = (
        plan.arrivals.planned()
        if isinstance(plan.arrivals, Schedule)
        else dict.fromkeys((step.name for step in plan.steps), None)
    )
    steps = []
    for step in plan.steps:
        end = begin + timedelta(seconds=step.seconds)
        steps.append(StepLoad(step.name, step.warm_up, counts[step.name], begin, end))
        begin = end
    return steps


def _problems(document: Mapping[str, Any], plan: LoadPlan, processes: int) -> list[str]:
    found = list(document["problems"])
    refusals = [told for ready in document["ready"].values() for told in ready["refused"]]
    if refusals:
        count = sum(ready["count"] for ready in document["ready"].values())
        found.append(f"{count} of {plan.sessions} sessions were refused: {refusals[0]}")
    if not document["begin_at"]:
        return found or ["the load was stopped before it began"]
    partial = [index for index, report in document["measured"].items() if not report["complete"]]
    if partial:
        found.append(f"{len(partial)} of {processes} generator processes were stopped early")
    return found


def _add(load: Load, index: int, report: Mapping[str, Any]) -> None:
    for step in load.steps:
        sent, dropped, operations = report["steps"][step.name]
        step.sent += sent
        step.dropped += dropped
        _merge(step.operations, read_answers(operations))
    _merge(load.prepared, read_answers(report["prepared"]))
    load.lag.merge(Histogram.from_message(report["lag"]))
    load.slowest += read_slowest(report["slowest"])
    load.workers.append(WorkerLoad(index, report["sent"], report["cpu"], report["busiest"]))


def _merge(into: dict[str, Answers], new: Mapping[str, Answers]) -> None:
    for name, answers in new.items():
        into[name] = merged([into[name], answers]) if name in into else answers
