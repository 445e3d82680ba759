from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from loadtests.arrivals.histogram import Histogram
from loadtests.judging.breaking import carried
from loadtests.load import Answers, Load, StepLoad

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
SECONDS = 10


def step(
    number: int,
    rate: int,
    *,
    sent: int | None = None,
    dropped: int = 0,
    failed: int = 0,
    slow: int = 0,
    warm_up: bool = False,
) -> StepLoad:
    planned = rate * SECONDS
    count = planned if sent is None else sent
    good = Histogram()
    for index in range(count - failed):
        good.record(1.5 if index < slow else 0.02)
    answers = Answers(Counter({201: count - failed, 500: failed}), good)
    started = BEGIN + timedelta(seconds=number * SECONDS)
    return StepLoad(
        f"{rate}/s",
        warm_up,
        planned,
        started,
        started + timedelta(seconds=SECONDS),
        count,
        dropped,
        {"POST /api/swipes": answers},
    )


def load(*steps: StepLoad) -> Load:
    return Load(10, BEGIN, BEGIN, BEGIN + timedelta(minutes=2), list(steps))


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (step(2, 30, dropped=1, sent=299), "20/s; at 30/s 1 requests were dropped"),
        (step(2, 30, sent=290), "20/s; at 30/s 290 of 300 requests were sent"),
        (step(2, 30, failed=4), "20/s; at 30/s 4 of 300 requests failed or took longer than 1 s"),
        (step(2, 30, slow=4), "20/s; at 30/s 4 of 300 requests failed or took longer than 1 s"),
    ],
)
def test_a_climb_is_judged_up_to_the_step_that_broke(broken: StepLoad, told: str) -> None:
    whole = load(step(0, 10), step(1, 20), broken, step(3, 40))
    part, check = carried(whole)
    assert [one.name for one in part.steps] == ["10/s", "20/s"]
    assert (check.passed, check.detail) == (True, told)
    assert len(whole.steps) == 4


@pytest.mark.parametrize(
    "kept",
    [step(2, 30, sent=294), step(2, 30, failed=3), step(2, 30, slow=3)],
)
def test_what_stays_within_every_limit_is_carried(kept: StepLoad) -> None:
    part, check = carried(load(step(0, 10), step(1, 20), kept))
    assert len(part.steps) == 3
    assert check.detail == "30/s, the last that was planned"


def test_a_service_that_breaks_at_once_has_carried_nothing() -> None:
    for steps in (
        (step(0, 10, dropped=5), step(1, 20)),
        (step(0, 10, warm_up=True), step(1, 20, dropped=5)),
    ):
        part, check = carried(load(*steps))
        assert not check.passed
        assert check.detail == "none: 5 requests were dropped"
        assert len(part.steps) == 2
