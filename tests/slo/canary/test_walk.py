"""Whole walks, as a pipeline runs them, against a real Prometheus and a real receiver."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.ports import find_port
from tests.slo.canary.walks import HALVES, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.slo.canary.play import Door, Receiver, Stage
    from tests.slo.canary.walks import Start, Walk


def test_a_healthy_canary_gets_all_traffic_step_by_step(walk: Walk, receiver: Receiver) -> None:
    done = walk("--seconds-a-step", "1")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert receiver.weights() == [5, 10, 25, 50, 100]
    assert [post["from_weight"] for post in receiver.posts] == [0, 5, 10, 25, 50]
    assert len({post["id"] for post in receiver.posts}) == 5
    first, *_, last = done.stdout.splitlines()
    assert first == "1/5 promote: 0 % → 5 % (the walk begins)"
    assert last == "canary: promoted at 100 %: every limit is surely kept"
    assert "; errors 0.00 % [0.00, 0." in done.stdout
    # A walk that has ended stays ended.
    again = walk("--seconds-a-step", "1")
    assert (again.returncode, again.stdout) == (0, f"{last}\n")
    assert len(receiver.posts) == 5


@pytest.mark.parametrize(
    ("harm", "because"),
    [
        ({"good": 900, "failed": 100}, "errors: 10.00 %"),
        ({"slow": 50}, "slower than 1 s: 5.00 %"),
        ({"late": 200}, "slower than 0.3 s more than stable: 20.00 %"),
    ],
)
def test_a_harmful_canary_loses_its_traffic(
    walk: Walk, stage: Stage, receiver: Receiver, harm: dict[str, int], because: str
) -> None:
    for name, count in harm.items():
        setattr(stage.canary, name, count)
    done = walk(*HALVES)
    assert done.returncode == 1, done.stdout
    assert receiver.weights() == [50]
    assert receiver.weights("roll_back") == [0]
    assert because in receiver.posts[-1]["reasons"][0]
    assert done.stdout.splitlines()[-1].startswith(f"canary: rolled_back at 0 %: {because}")
    assert walk(*HALVES).returncode == 1
    assert len(receiver.posts) == 2


def spoil_nan(stage: Stage) -> None:
    stage.canary.nan = True


def spoil_gone(stage: Stage) -> None:
    stage.canary.gone = True


def spoil_restart(stage: Stage) -> None:
    stage.canary.restart()


def spoil_idle(stage: Stage) -> None:
    stage.canary.good = 0


def spoil_stable(stage: Stage) -> None:
    stage.stable.good = 0


@pytest.mark.parametrize(
    ("spoil", "because"),
    [
        (spoil_nan, "the query gives NaN"),
        (spoil_gone, "series of the canary are gone"),
        (spoil_restart, "series of the canary began anew"),
        (spoil_idle, "events of the canary, at least 2,000 are needed"),
        (spoil_stable, "events of stable, at least 2,000 are needed"),
    ],
)
def test_without_data_nothing_is_promoted(
    start: Start, stage: Stage, receiver: Receiver, spoil: Callable[[Stage], None], because: str
) -> None:
    walking = start(*HALVES, "--most-seconds-a-step", "1")
    # Until its first traffic comes, the canary is well.
    until(lambda: receiver.posts)
    until(lambda: "measuring" in walking.state())
    spoil(stage)
    out, error = walking.end()
    assert walking.code == 3, out
    assert receiver.weights() == [50]
    assert receiver.weights("hold") == [50]
    assert because in out.splitlines()[-1]
    assert "of the traffic the canary keeps 50 %. Run the same command to go on" in error


def test_a_canary_that_prometheus_never_saw_is_held(walk: Walk, receiver: Receiver) -> None:
    done = walk(*HALVES, "--most-seconds-a-step", "1", "--canary", 'version="3.0"')
    assert done.returncode == 3
    assert "there is no series http_server_request_duration_seconds_count{" in done.stdout
    assert receiver.weights() == [50]


def test_a_canary_that_is_of_stable_as_well_is_held(walk: Walk) -> None:
    done = walk(*HALVES, "--most-seconds-a-step", "1", "--stable", 'version=~".+"')
    assert done.returncode == 3
    assert "1 series are of the canary and of stable" in done.stdout


def test_without_prometheus_or_stable_no_walk_begins(walk: Walk, receiver: Receiver) -> None:
    away = walk("--prometheus-url", f"http://127.0.0.1:{find_port()}")
    assert (away.returncode, away.stdout) == (3, "")
    assert "is not reachable" in away.stderr
    unknown = walk("--stable", 'version="1.8"')
    assert (unknown.returncode, unknown.stdout) == (3, "")
    assert "no series" in unknown.stderr
    assert receiver.posts == []


def test_prometheus_that_comes_back_within_a_step_is_asked_again(
    start: Start, door: Door, receiver: Receiver
) -> None:
    walking = start(*HALVES, "--prometheus-url", door.url, "--most-seconds-a-step", "60")
    until(lambda: "measuring" in walking.state())
    door.shut = True
    until(lambda: "is not ready: HTTP 503" in walking.written())
    door.shut = False
    out, _ = walking.end()
    assert walking.code == 0, out
    assert receiver.weights() == [50, 100]


def test_a_promotion_that_nobody_takes_is_held_and_told_again(
    walk: Walk, receiver: Receiver
) -> None:
    receiver.statuses = [503]
    receiver.forever = 400
    held = walk(*HALVES)
    assert held.returncode == 3
    assert held.stdout == (
        "canary: held at 0 %: nobody confirmed the shift to 50 %: the webhook answers HTTP 400\n"
    )
    assert "of the traffic the canary keeps 0 %, or 50 % if the shift was done. Run" in held.stderr
    assert len(receiver.posts) == 2
    receiver.forever = 200
    assert walk(*HALVES).returncode == 0
    assert receiver.weights() == [50, 50, 50, 100]
    assert len({post["id"] for post in receiver.posts}) == 2


def test_a_roll_back_that_nobody_takes_is_told_again_and_loudly(
    walk: Walk, stage: Stage, receiver: Receiver
) -> None:
    stage.canary.failed = 1000
    receiver.statuses = [200]
    receiver.forever = 500
    left = walk(*HALVES, "--shift-attempts", "1")
    assert left.returncode == 3
    assert "shift all traffic to stable by hand: the webhook answers HTTP 500" in left.stderr
    assert "of the traffic the canary keeps 50 % and IS NOT ROLLED BACK." in left.stderr
    assert receiver.weights("roll_back") == [0] * 3
    receiver.forever = 204
    done = walk(*HALVES, "--shift-attempts", "1")
    assert done.returncode == 1
    assert receiver.posts[-1]["id"] == receiver.posts[1]["id"]


def test_programs_read_one_document_a_line(walk: Walk, receiver: Receiver) -> None:
    done = walk(*HALVES, "--format", "json")
    assert done.returncode == 0
    documents = [json.loads(line) for line in done.stdout.splitlines()]
    assert {document["event"] for document in documents} == {"shift", "look", "end"}
    shifts = [d for d in documents if d["event"] == "shift"]
    assert [shift["id"] for shift in shifts] == [post["id"] for post in receiver.posts]
    look = next(d for d in documents if d["event"] == "look")
    assert look["canary"]["failed"] == 0
    assert [check["limit"] for check in look["checks"]] in ([0.05, 0.01, 0.005, 0.01], [0.05, 0.01])
    assert documents[-1] | {"at": ""} == {
        "event": "end",
        "at": "",
        "outcome": "promoted",
        "weight": 100,
        "why": "every limit is surely kept",
    }
