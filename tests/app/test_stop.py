from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.stop import Stop
from tests.interrupting import interrupting

ROOT = Path(__file__).parents[2]
# In a process of its own, as the alarm is the time limit of a test.
AT_ANY_MOMENT = """
import signal
from app.stop import Stop

for number in range(4000):
    stop = Stop()
    signal.signal(signal.SIGALRM, lambda *_, stop=stop: stop.set())
    # At another moment of the short waits each time.
    signal.setitimer(signal.ITIMER_REAL, 0.0002 + number % 100 * 0.000003)
    while not stop.wait(0.00005):
        pass
"""


@pytest.fixture
def stop() -> Stop:
    return Stop()


def test_nobody_has_asked_at_first(stop: Stop) -> None:
    assert not stop.wait(0)
    assert not stop.wait(0.01)


def test_a_request_stays(stop: Stop) -> None:
    stop.set()
    assert [stop.wait(0), stop.wait(10), stop.wait(0)] == [True, True, True]


def test_asking_twice_is_asking(stop: Stop) -> None:
    stop.set()
    stop.set()
    assert stop.wait(0)


def test_a_request_ends_the_waits_of_other_threads(stop: Stop) -> None:
    answers: list[bool] = []
    threads = [threading.Thread(target=lambda: answers.append(stop.wait(60))) for _ in range(3)]
    for thread in threads:
        thread.start()
    stop.set()
    for thread in threads:
        thread.join(60)
    assert answers == [True] * 3


def test_a_request_ends_the_wait_that_its_signal_interrupts(stop: Stop) -> None:
    with interrupting(stop.set, 0.05):
        assert stop.wait(60)


def test_a_wait_ends_even_if_what_interrupts_it_takes_longer(stop: Stop) -> None:
    """With SimpleQueue in its place this waits for ever, until Python 3.13."""
    with interrupting(lambda: time.sleep(0.2), 0.05):
        assert not stop.wait(0.1)


def test_a_signal_handler_may_ask_at_any_moment_of_a_wait() -> None:
    """With threading.Event in its place this hangs within seconds."""
    subprocess.run([sys.executable, "-c", AT_ANY_MOMENT], cwd=ROOT, check=True, timeout=100)
