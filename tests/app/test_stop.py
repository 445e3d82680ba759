from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stop() -> Stop:
    return Stop()


@pytest.fixture
def alarms() -> Iterator[None]:
    """Give SIGALRM back to whoever had it, which may be a time limit of the test itself."""
    handler = signal.getsignal(signal.SIGALRM)
    timer = signal.setitimer(signal.ITIMER_REAL, 0)
    yield
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, *timer)


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


def test_a_request_ends_a_wait_of_another_thread(stop: Stop) -> None:
    threading.Timer(0.05, stop.set).start()
    assert stop.wait(60)


@pytest.mark.timeout(120, method="thread")
@pytest.mark.usefixtures("alarms")
def test_a_signal_handler_may_ask_at_any_moment_of_a_wait() -> None:
    """With threading.Event in its place this hangs within seconds."""
    for number in range(4000):
        stop = Stop()
        signal.signal(signal.SIGALRM, lambda *_, stop=stop: stop.set())
        # At another moment of the short waits each time.
        signal.setitimer(signal.ITIMER_REAL, 0.0002 + number % 100 * 0.000003)
        while not stop.wait(0.00005):
            pass
