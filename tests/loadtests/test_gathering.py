"""One load out of what all processes of a generator have told, and what is missing of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from loadtests.arrivals.meter import SLOWEST, Meter
from loadtests.arrivals.schedule import Schedule, Step
from loadtests.errors import InvalidRun
from loadtests.gathering import gather
from loadtests.judging.validity import validity
from loadtests.plan import Closed, LoadPlan

if TYPE_CHECKING:
    from loadtests.load import Load

SWIPE, LOGIN = "POST /api/swipes", "POST /api/auth/login"
STEPS = (Step("warm-up", 5, 2, warm_up=True), Step("load", 10, 6))
PLAN = LoadPlan("swipe-hot-path", Schedule(STEPS), 20)
BEGIN = datetime(2026, 11, 21, 12, 0, 1, tzinfo=UTC)
STARTED, ENDED = BEGIN - timedelta(seconds=4), BEGIN + timedelta(seconds=9)


def report(index: int, sent: int, slow: float = 0.01, *, complete: bool = True) -> dict[str, Any]:
    """Tell of a process that has sent so many requests of the second step, and dropped one."""
    meter = Meter(tuple(step.name for step in STEPS))
    meter.prepare(LOGIN, 200, 0.1, good=True)
    for n in range(sent):
        meter.answer("load", SWIPE, 201, slow, f"{index}-{n}", good=True)
        meter.late(0.001)
    meter.dropped("load")
    return {"index": index, "complete": complete, **meter.message()}


def document(*reports: dict[str, Any], **given: Any) -> dict[str, Any]:
    """Return what a master writes at the end, as it is read."""
    written = {
        "ready": {one["index"]: {"refused": [], "count": 0} for one in reports},
        "measured": {one["index"]: one for one in reports},
        "begin_at": BEGIN.timestamp(),
        "problems": [],
        **given,
    }
    found: dict[str, Any] = json.loads(json.dumps(written))
    return found


def gathered(*reports: dict[str, Any], processes: int = 2, **given: Any) -> Load:
    return gather(document(*reports, **given), PLAN, processes, STARTED, ENDED)


def failed(load: Load) -> set[str]:
    return {check.id for check in validity(load) if not check.passed}


def test_what_all_have_counted_is_added_up() -> None:
    load = gathered(report(1, 30), report(0, 28))
    assert load.problems == []
    assert [step.planned for step in load.steps] == [10, 60]
    assert [(step.sent, step.dropped) for step in load.steps] == [(0, 0), (58, 2)]
    assert load.steps[1].answers(SWIPE).statuses == {201: 58}
    assert load.steps[1].answers(SWIPE).good.total == load.lag.total == 58
    assert load.prepared[LOGIN].statuses == {200: 2}
    assert [(worker.index, worker.sent) for worker in load.workers] == [(0, 28), (1, 30)]


def test_steps_follow_each_other_from_the_moment_at_which_all_began() -> None:
    load = gathered(report(0, 1), report(1, 1))
    assert load.load_started == load.steps[0].started == BEGIN
    assert load.steps[0].ended == load.steps[1].started == BEGIN + timedelta(seconds=2)
    assert load.steps[1].ended == BEGIN + timedelta(seconds=8)
    assert [step.warm_up for step in load.steps] == [True, False]


def test_the_slowest_of_all_are_the_slowest_first() -> None:
    load = gathered(report(0, 20, 0.5), report(1, 6, 2.0))
    assert [slow.seconds for slow in load.slowest] == [2.0] * 6 + [0.5] * (SLOWEST - 6)


def test_a_process_that_was_lost_is_a_problem_and_is_missing() -> None:
    load = gathered(report(0, 30), problems=["1 of 2 generator processes were lost"])
    assert load.problems == ["1 of 2 generator processes were lost"]
    assert {"whole", "workers"} <= failed(load)


def test_a_process_that_nobody_heard_of_is_missing_all_the_same() -> None:
    load = gathered(report(0, 30))
    assert load.problems == []
    assert "workers" in failed(load)


def test_a_process_that_was_stopped_early_makes_it_no_whole_load() -> None:
    load = gathered(report(0, 30), report(1, 3, complete=False))
    assert load.problems == ["1 of 2 generator processes were stopped early"]
    assert load.sent == 33
    assert "whole" in failed(load)


def test_people_who_were_refused_are_counted_over_all_processes() -> None:
    ready = {
        "0": {"refused": [f"{LOGIN} answered 401"] * 2, "count": 2},
        "1": {"refused": [f"{LOGIN} answered 503"], "count": 9},
    }
    load = gathered(ready=ready, begin_at=0.0)
    assert load.problems == [f"11 of 20 sessions were refused: {LOGIN} answered 401"]
    assert load.load_started == STARTED


def test_a_load_that_never_began_says_so() -> None:
    load = gathered(begin_at=0.0)
    assert load.problems == ["the load was stopped before it began"]
    assert {"sent", "whole", "workers", "achieved"} <= failed(load)


def test_of_people_who_come_back_by_themselves_nothing_was_planned() -> None:
    meter = Meter(("load",))
    meter.answer("load", SWIPE, 201, 0.1, "t", good=True)
    told = {"index": 0, "complete": True, **meter.message()}
    load = gather(document(told), LoadPlan("swipe-hot-path", Closed(8), 20), 1, STARTED, ENDED)
    assert load.planned is None
    assert (load.sent, load.dropped) == (1, 0)


def test_a_clock_that_was_set_back_ends_no_load_before_it_began() -> None:
    early = BEGIN - timedelta(seconds=1)
    load = gather(document(report(0, 1)), PLAN, 1, STARTED, early)
    assert load.load_ended == load.load_started


def test_what_no_process_of_ours_has_written_is_no_evidence() -> None:
    with pytest.raises(InvalidRun, match="a worker has sent a histogram"):
        gathered({**report(0, 1), "lag": {"counts": [], "overflow": -1}})
