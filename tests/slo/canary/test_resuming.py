"""Walks that are killed or stopped, and go on where they were."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING

import pytest

from tests.slo.canary.walks import HALVES, until

if TYPE_CHECKING:
    from tests.slo.canary.play import Receiver, Stage
    from tests.slo.canary.walks import Start, Walk


def test_a_walk_that_is_killed_goes_on_at_its_step_and_second(
    start: Start, walk: Walk, stage: Stage, receiver: Receiver
) -> None:
    patient = (*HALVES, "--most-seconds-a-step", "60")
    walking = start(*patient)
    until(lambda: len(receiver.posts) == 2)
    # Without traffic nothing is decided, so that it is killed in the middle of the step.
    stage.canary.good = 0
    until(lambda: "measuring" in walking.state() and '"spent": 0.0' not in walking.state())
    walking.process.kill()
    walking.end()
    before = json.loads(walking.state())["state"]
    assert before["step"] == 1
    stage.canary.good = 1000
    done = walk(*patient, "--format", "json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == (
        f"going on with step 2 after {before['spent']:.1f} s, measuring, of the traffic 100 %\n"
    )
    assert json.loads(done.stdout.splitlines()[0])["spent_seconds"] > before["spent"]
    assert receiver.weights() == [50, 100]
    assert {post["walk"] for post in receiver.posts} == {before["walk"]}


def test_a_shift_during_which_the_walk_is_killed_is_told_again_under_the_same_id(
    start: Start, walk: Walk, receiver: Receiver
) -> None:
    receiver.answering.clear()
    walking = start(*HALVES)
    until(lambda: receiver.posts)
    walking.process.kill()
    walking.end()
    receiver.answering.set()
    assert walk(*HALVES).returncode == 0
    assert receiver.weights() == [50, 50, 100]
    first, again, last = (post["id"] for post in receiver.posts)
    assert first == again != last


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_walk_that_is_stopped_says_how_to_go_on(
    start: Start, walk: Walk, receiver: Receiver, number: signal.Signals
) -> None:
    walking = start(*HALVES, "--most-seconds-a-step", "60", "--seconds-a-step", "60")
    until(lambda: "measuring" in walking.state())
    walking.process.send_signal(number)
    out, error = walking.end()
    assert walking.code == 3
    assert out.splitlines()[-1] == "canary: stopped at 50 %: stopped by a signal"
    assert "of the traffic the canary keeps 50 %. Run the same command to go on" in error
    # A shorter step is another plan.
    refused = walk(*HALVES)
    assert refused.returncode == 2
    assert "seconds was 60.0" in refused.stderr
    assert receiver.weights() == [50]


def test_a_second_walk_on_the_same_state_is_refused(start: Start, walk: Walk) -> None:
    walking = start(*HALVES, "--most-seconds-a-step", "60", "--seconds-a-step", "60")
    until(lambda: "measuring" in walking.state())
    second = walk(*HALVES, "--most-seconds-a-step", "60", "--seconds-a-step", "60")
    assert second.returncode == 2
    assert "another walk is using" in second.stderr
    walking.process.kill()
    walking.end()
