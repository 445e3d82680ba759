"""What a histogram keeps of the durations recorded in it."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loadtests.arrivals.histogram import (
    BUCKETS,
    HIGHEST_SECONDS,
    LOWEST_SECONDS,
    Histogram,
    StepHistograms,
)
from loadtests.errors import InvalidRun

# Every power of ten between 1 µs and 60 s gets its share of examples.
INSIDE = st.floats(math.log(LOWEST_SECONDS), math.log(HIGHEST_SECONDS)).map(
    lambda power: min(max(math.exp(power), LOWEST_SECONDS), HIGHEST_SECONDS)
)
ANY = st.one_of(INSIDE, st.floats(0, 1e9), st.just(math.inf))
RECORDED = st.lists(st.tuples(st.sampled_from(["warm-up", "load", "spike"]), ANY), max_size=60)
# As a worker's message goes to its master; Locust patches sockets, so not in this process.
THROUGH_LOCUST = """
import json, sys
from locust.rpc.protocol import Message
sent = Message("stats", json.load(sys.stdin), "worker")
print(json.dumps(Message.unserialize(sent.serialize()).data))
"""


def histogram(*durations: float) -> Histogram:
    made = Histogram()
    for seconds in durations:
        made.record(seconds)
    return made


def by_step(recorded: list[tuple[str, float]]) -> StepHistograms:
    made = StepHistograms()
    for step, seconds in recorded:
        made.record(step, seconds)
    return made


@given(INSIDE)
@example(LOWEST_SECONDS)
@example(math.nextafter(LOWEST_SECONDS, 1))
@example(HIGHEST_SECONDS)
@example(1.0)
@example(math.nextafter(1.0, 0))
def test_a_duration_comes_back_within_a_thousandth_and_never_smaller(seconds: float) -> None:
    [(kept, count)] = histogram(seconds).counts()
    assert count == 1
    assert seconds <= kept <= seconds * 1.001


@given(st.lists(ANY, min_size=1, max_size=60), st.sampled_from([0, 0.07, 0.5, 0.95, 0.99, 1]))
def test_a_quantile_is_that_of_the_durations_themselves(
    durations: list[float], share: float
) -> None:
    rank = max(1, -(-round(share * 100) * len(durations) // 100))
    truth = max(sorted(durations)[rank - 1], LOWEST_SECONDS)
    found = histogram(*durations).quantile(share)
    assert found is not None
    if truth > HIGHEST_SECONDS:
        assert found == math.inf
    else:
        assert truth <= found <= truth * 1.001


@given(st.lists(ANY, max_size=60))
def test_counts_rise_and_lose_nothing(durations: list[float]) -> None:
    made = histogram(*durations)
    pairs = made.counts()
    assert [seconds for seconds, _ in pairs] == sorted({seconds for seconds, _ in pairs})
    assert sum(count for _, count in pairs) == made.total == len(durations)
    assert made.overflow == sum(seconds > HIGHEST_SECONDS for seconds in durations)


def test_the_number_of_buckets_is_fixed() -> None:
    ratio = HIGHEST_SECONDS / LOWEST_SECONDS
    made = histogram(*(LOWEST_SECONDS * ratio ** (k / 99_999) for k in range(99_999)), 60.0)
    assert len(made.counts()) == BUCKETS == 26_448


def test_more_than_a_minute_is_overflow_and_the_worst_quantile() -> None:
    made = histogram(0.1, 0.1, 60.0, math.nextafter(60.0, 61), 3600, math.inf)
    assert made.overflow == 3
    assert made.total == 6
    assert made.counts()[-1] == (math.inf, 3)
    assert made.quantile(0.5) == pytest.approx(60, rel=1e-3)
    assert made.quantile(0.51) == math.inf


def test_less_than_a_microsecond_counts_as_one() -> None:
    made = histogram(0, 1e-9, 1e-6)
    assert made.total == 3
    assert made.counts() == histogram(1e-6, 1e-6, 1e-6).counts()


def test_a_share_is_taken_as_it_is_written() -> None:
    # In floats 0.07 of 100 is a little more than 7.
    made = histogram(*range(60), *[math.inf] * 40)
    assert made.quantile(0.07) == histogram(6).quantile(1)


def test_no_durations_have_no_quantile() -> None:
    assert Histogram().quantile(0.95) is None
    assert Histogram().counts() == []


@pytest.mark.parametrize("seconds", [-1e-9, -math.inf, math.nan])
def test_a_negative_duration_is_refused_and_not_counted(seconds: float) -> None:
    made = Histogram()
    with pytest.raises(ValueError, match="cannot be recorded"):
        made.record(seconds)
    assert made.total == 0


@pytest.mark.parametrize("share", [-0.1, 1.1, 95, math.nan])
def test_a_share_outside_0_and_1_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="no share between 0 and 1"):
        histogram(0.1).quantile(share)


@given(RECORDED, RECORDED)
def test_merging_equals_recording_together(
    one: list[tuple[str, float]], other: list[tuple[str, float]]
) -> None:
    merged = by_step(one)
    merged.merge(by_step(other))
    assert merged.message() == by_step(one + other).message()


def test_merging_leaves_the_other_as_it_was() -> None:
    source, target = by_step([("load", 0.1)]), StepHistograms()
    target.merge(source)
    target.record("load", 0.2)
    assert source.message() == by_step([("load", 0.1)]).message()


@given(RECORDED)
def test_a_message_reads_back_through_json(recorded: list[tuple[str, float]]) -> None:
    made = by_step(recorded)
    read = StepHistograms.from_message(json.loads(json.dumps(made.message())))
    assert read.message() == made.message()
    assert {step: part.counts() for step, part in read.steps.items()} == {
        step: part.counts() for step, part in made.steps.items()
    }


def test_a_message_reads_back_through_locust() -> None:
    sent = by_step([("warm-up", 1e-6), ("load", 0.012), ("load", 0.3), ("load", 100)]).message()
    answer = subprocess.run(
        [sys.executable, "-c", THROUGH_LOCUST],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=True,
    )
    assert StepHistograms.from_message(json.loads(answer.stdout)).message() == sent


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {1: {"counts": [], "overflow": 0}},
        {"load": None},
        {"load": {"counts": []}},
        {"load": {"counts": [], "overflow": -1}},
        {"load": {"counts": {}, "overflow": 0}},
        {"load": {"counts": [[0]], "overflow": 0}},
        {"load": {"counts": [[0, 0]], "overflow": 0}},
        {"load": {"counts": [[0, -1]], "overflow": 0}},
        {"load": {"counts": [[0, 1.5]], "overflow": 0}},
        {"load": {"counts": [[10**6, 1]], "overflow": 0}},
        {"load": {"counts": ["01"], "overflow": 0}},
    ],
)
def test_what_no_worker_sends_invalidates_the_run(message: Any) -> None:
    with pytest.raises(InvalidRun, match="a worker has sent"):
        StepHistograms.from_message(message)
