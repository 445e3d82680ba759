"""The load at full speed and by a plan, against a real server of known answers."""

from __future__ import annotations

from dataclasses import asdict
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from loadtests.bench.driver import KEEP_EVERY, Turn
from tests.loadtests.bench.answering import answering, stored
from tests.loadtests.bench.programs import exchange

if TYPE_CHECKING:
    from tests.loadtests.bench.answering import Answer, Asked

SUPPLY = {
    "supply": "swipes",
    "tokens": [f"token-{number}" for number in range(16)],
    "pets": [str(uuid4()) for _ in range(5000)],
}
MANY = len(SUPPLY["tokens"]) * len(SUPPLY["pets"])


def drive(*turns: Turn) -> list[dict[str, Any]]:
    return exchange("loadtests.bench.driver", [SUPPLY, *map(asdict, turns)])


def test_at_full_speed_requests_go_out_until_the_time_is_over() -> None:
    with answering() as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 4, 0, MANY, 0.3))
    assert outcome["sent"] == len(server.asked) == len(outcome["milliseconds"])
    assert outcome["answers"] == {"201": outcome["sent"]}
    assert 4 < outcome["sent"] < MANY
    assert outcome["seconds"] >= 0.3
    assert len({asked.sender for asked in server.asked}) == 4
    decisions = {(asked.headers["Authorization"], asked.body) for asked in server.asked}
    assert len(decisions) == outcome["sent"], "each was sent once"


def test_the_next_turn_goes_on_where_it_is_told_to() -> None:
    with answering() as server:
        first, second = drive(
            Turn("127.0.0.1", server.port, 4, 0, 40, 60),
            Turn("127.0.0.1", server.port, 4, 40, 30, 60, traceparent="00-1-2-01"),
        )
    assert (first["sent"], second["sent"]) == (40, 30)
    assert len({(asked.headers["Authorization"], asked.body) for asked in server.asked}) == 70
    assert sum(asked.headers.get("traceparent") == "00-1-2-01" for asked in server.asked) == 30


def test_a_plan_is_sent_whole_and_not_before_its_time() -> None:
    with answering() as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 8, 0, MANY, 0.5, rate=200))
    assert outcome["sent"] == 100
    assert outcome["answers"] == {"201": 100}
    assert outcome["seconds"] >= 99 / 200


def test_who_waits_for_a_connection_has_waited_since_the_intended_start() -> None:
    # One connection answers twenty requests a second, and forty are planned: a queue.
    with answering(seconds=0.05) as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 1, 0, MANY, 0.5, rate=40))
    assert outcome["sent"] == 20
    taken = outcome["milliseconds"]
    assert min(taken) >= 45
    # The last one starts after 0.95 s at the earliest, and was to start after 0.475 s.
    assert taken[-1] >= 19 * 25 + 45


def test_a_body_that_is_wrong_is_told() -> None:
    def strange(asked: Asked) -> Answer:
        return stored(asked, liked="perhaps")

    with answering(strange) as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 2, 0, KEEP_EVERY + 1, 60))
    assert outcome["checked"] == len(outcome["wrong"]) == 2
    assert "perhaps" in outcome["wrong"][0]


def test_bodies_that_are_right_are_looked_at_as_well() -> None:
    with answering() as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 2, 0, KEEP_EVERY + 1, 60))
    assert (outcome["checked"], outcome["wrong"]) == (2, [])


@pytest.mark.parametrize("rate", [0.0, 400.0])
def test_a_server_that_hangs_up_leaves_requests_without_an_answer(rate: float) -> None:
    numbers = count(1)
    with answering(lambda asked: stored(asked) if next(numbers) <= 10 else None) as server:
        (outcome,) = drive(Turn("127.0.0.1", server.port, 4, 0, MANY, 0.5, rate=rate))
    assert outcome["answers"] == {"201": 10}
    assert outcome["sent"] == len(server.asked) == 14
