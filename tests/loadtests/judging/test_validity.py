"""Each check of a load, with one that it rejects and one that it accepts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from loadtests.judging.model import Check
from loadtests.judging.validity import PLAN, validity
from loadtests.load import Load, WorkerLoad
from tests.loadtests.judging.loads import SWIPE, answers, load, step

Change = Callable[[Load], object]


def whole() -> Load:
    """Send 100 and 1000 requests as planned, by one worker."""
    warm_up = step({SWIPE: answers([0.1] * 100)}, "warm-up", warm_up=True)
    made = load(warm_up, step({SWIPE: answers([0.1] * 1000)}))
    for _ in range(999):
        made.lag.record(0.001)
    return made


def late(count: int, seconds: float) -> Change:
    def change(made: Load) -> None:
        for _ in range(count):
            made.lag.record(seconds)

    return change


def sent(steady: int, dropped: int, warm_up: int = 100) -> Change:
    def change(made: Load) -> None:
        made.steps[0].sent, made.steps[0].dropped = warm_up, 100 - warm_up
        made.steps[1].sent, made.steps[1].dropped = steady, dropped

    return change


def workers(*found: WorkerLoad, expected: int = 1) -> Change:
    def change(made: Load) -> None:
        made.workers[:] = found
        made.workers_expected = expected

    return change


def worker(busiest: float, cpu: float = 0.5, index: int = 0) -> WorkerLoad:
    return WorkerLoad(index, 1100, cpu, busiest)


def failed(made: Load) -> dict[str, str]:
    return {check.id: check.detail for check in validity(made) if not check.passed}


def test_a_whole_load_passes_every_check_and_each_says_what_it_found() -> None:
    found = validity(whole())
    assert all(check.passed for check in found)
    assert all(check.title and check.detail for check in found)
    assert [check.id for check in found] == [
        "sent",
        "whole",
        "workers",
        "achieved",
        "dropped",
        "conserved",
        "lag",
        "generator-cpu",
    ]


@pytest.mark.parametrize(
    ("change", "check", "detail"),
    [
        (
            sent(979, 21),
            "achieved",
            "979 of 1000 planned requests of step steady were sent, 97.90 %",
        ),
        (
            sent(1000, 0, 70),
            "achieved",
            "1070 of 1100 planned requests of all steps were sent, 97.27 %",
        ),
        (sent(999, 1), "dropped", "1 requests were dropped, nobody was free to send them"),
        (sent(1000, 0, 99), "dropped", "(warm-up: 1)"),
        (sent(999, 0), "conserved", "1100 planned, 1099 sent and 0 dropped, unaccounted for"),
        (sent(1000, 1), "conserved", "unaccounted for (steady: -1)"),
        (late(11, 0.06), "lag", "99 % of requests left at most 60.03 ms later than they could"),
        (late(100, 90.0), "lag", "inf ms"),
        (lambda x: setattr(x, "lag", type(x.lag)()), "lag", "has not been recorded"),
        (workers(worker(0.8)), "generator-cpu", "worker 0 used 80 % of its core"),
        (workers(worker(float("nan"))), "generator-cpu", "used nan %"),
        (
            workers(worker(0.2), worker(0.95, index=1), expected=2),
            "generator-cpu",
            "worker 1 used 95 %",
        ),
        (workers(worker(0.5), expected=2), "workers", "1 of 2 workers of the generator"),
        (workers(worker(0.5), worker(0.5), expected=2), "workers", "1 of them twice"),
        (workers(worker(0.5), worker(0.5, index=1)), "workers", "2 of 1 workers"),
        (workers(), "generator-cpu", "no worker has told how busy it was"),
        (lambda x: x.problems.append("worker 1 was lost"), "whole", "worker 1 was lost"),
        (sent(0, 1000, 0), "sent", "0 requests were sent"),
        (lambda x: x.steps.clear(), "sent", "0 requests were sent"),
        (lambda x: x.steps.clear(), "achieved", "no step that is judged has planned requests"),
        (lambda x: x.steps.pop(), "achieved", "no step that is judged has planned requests"),
    ],
)
def test_a_load_that_is_no_evidence_fails_its_check_with_figures(
    change: Change, check: str, detail: str
) -> None:
    made = whole()
    change(made)
    assert detail in failed(made)[check]


@pytest.mark.parametrize(
    ("change", "passes"),
    [
        (sent(980, 20), "achieved"),
        (late(9, 0.06), "lag"),
        (workers(worker(0.799)), "generator-cpu"),
        (workers(worker(0.5), worker(0.5, index=1), expected=2), "workers"),
        (sent(500, 500), "conserved"),
    ],
)
def test_the_last_value_that_is_right_passes(change: Change, passes: str) -> None:
    made = whole()
    change(made)
    assert passes not in failed(made)


def test_a_peak_of_the_generator_is_not_hidden_by_its_mean() -> None:
    made = whole()
    workers(worker(0.9, cpu=0.2))(made)
    assert list(failed(made)) == ["generator-cpu"]


def test_people_without_a_plan_keep_to_none_and_the_rest_is_checked() -> None:
    made = whole()
    for each in made.steps:
        each.planned = None
    made.lag = type(made.lag)()
    found = validity(made)
    apart = [check for check in found if check.detail.startswith("does not apply")]
    assert [check.id for check in apart] == ["achieved", "dropped", "conserved", "lag"]
    assert len(apart) == len(PLAN)
    assert all(check.passed for check in found)
    made.problems.append("stopped early")
    workers(worker(0.9), expected=2)(made)
    assert set(failed(made)) == {"whole", "workers", "generator-cpu"}


def test_nobody_who_did_anything_is_no_load() -> None:
    made = load(step({}))
    made.steps[0].planned = None
    assert list(failed(made)) == ["sent"]


def test_a_check_is_a_sentence_for_people() -> None:
    assert all(isinstance(check, Check) and " " in check.title for check in validity(whole()))
