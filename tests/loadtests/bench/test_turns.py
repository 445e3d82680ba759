"""Turns that are refused: wrong answers, rows that are missing, requests that have run out."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from loadtests.bench.driver import Outcome
from loadtests.bench.rounds import Tally
from loadtests.bench.sender import sending
from loadtests.bench.servers import Running, Variant
from loadtests.bench.supply import Swipes
from loadtests.bench.turns import DRIVER, Driver, problem
from loadtests.errors import InvalidRun
from tests.loadtests.bench.answering import answering, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.bench.sender import Sender
    from tests.loadtests.bench.answering import Answering

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells CPU time")
VARIANT = Variant("it", "a server of known answers", (), tells=False)


@pytest.fixture
def sender() -> Iterator[Sender]:
    with sending(frozenset(os.sched_getaffinity(0)), DRIVER) as found:
        yield found


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as found:
        yield found
        found.communicate(b"\n")


def running(server: Answering, process: subprocess.Popen[bytes]) -> Running:
    return Running(VARIANT, server.port, process, "", Path("it.log"))


def swipes(pets: int) -> Swipes:
    return Swipes([f"token-{number}" for number in range(8)], [str(uuid4()) for _ in range(pets)])


@pytest.mark.parametrize(
    ("outcome", "added", "word"),
    [
        (Outcome(1.0, 5, {"201": 5}, [1.0] * 5, 1, []), 5, ""),
        (Outcome(1.0, 0, {}, [], 0, []), 0, "was asked nothing"),
        (Outcome(1.0, 5, {"201": 4, "503": 1}, [1.0] * 5, 1, []), 5, "should have answered 201"),
        (Outcome(1.0, 5, {"201": 4}, [1.0] * 4, 1, []), 4, "should have answered 201 to 5"),
        (Outcome(1.0, 5, {"201": 5}, [1.0] * 5, 1, ["no swipe: b''"]), 5, "answered wrong: no"),
        (Outcome(1.0, 5, {"201": 5}, [1.0] * 5, 1, []), 4, "acknowledged 5 and stored 4"),
        (Outcome(1.0, 5, {"201": 5}, [1.0] * 5, 1, []), 6, "acknowledged 5 and stored 6"),
    ],
)
def test_only_what_is_all_right_counts(outcome: Outcome, added: int, word: str) -> None:
    told = problem(outcome, "201", added)
    assert told.startswith(word)
    assert bool(told) == bool(word)


def test_a_turn_is_noted_with_what_stood_behind_it(
    sender: Sender, process: subprocess.Popen[bytes]
) -> None:
    with answering() as server:
        driver = Driver(sender, {"postgres": os.getpid()}, rows=lambda: len(server.asked))
        driver.take(swipes(2000))
        tally = Tally(0.0)
        driver.saturate(running(server, process), 0.2, tally)
        driver.plan(running(server, process), 100.0, 0.2, tally)
        driver.ask(running(server, process), 30)
    assert tally.requests == len(server.asked) - 30
    assert tally.behind["postgres"] > 0
    assert tally.seconds > 0.2
    assert len({(asked.headers["Authorization"], asked.body) for asked in server.asked}) == len(
        server.asked
    ), "no turn repeats a swipe of another"


def test_rows_that_were_not_stored_make_the_run_invalid(
    sender: Sender, process: subprocess.Popen[bytes]
) -> None:
    with answering() as server:
        driver = Driver(sender, {}, rows=lambda: len(server.asked) // 2)
        driver.take(swipes(200))
        with pytest.raises(InvalidRun, match="it acknowledged 40 and stored 20"):
            driver.ask(running(server, process), 40)


def test_a_wrong_status_makes_the_run_invalid(
    sender: Sender, process: subprocess.Popen[bytes]
) -> None:
    numbers = count(1)
    with answering(lambda asked: (503, b"") if next(numbers) == 7 else stored(asked)) as server:
        driver = Driver(sender, {})
        driver.take(swipes(200))
        with pytest.raises(InvalidRun, match="'503': 1"):
            driver.ask(running(server, process), 40)


def test_swipes_that_run_out_make_the_run_invalid(
    sender: Sender, process: subprocess.Popen[bytes]
) -> None:
    with answering() as server:
        driver = Driver(sender, {})
        driver.take(swipes(2))
        with pytest.raises(InvalidRun, match="no new requests left in a turn of it"):
            driver.saturate(running(server, process), 30.0)
