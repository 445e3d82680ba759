from __future__ import annotations

import os
import signal
import time

import pytest

from slo.canary.stop import StoppedError, stoppable
from tests.interrupting import interrupting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_that_it_interrupts(number: signal.Signals) -> None:
    with (
        stoppable() as wait,
        interrupting(lambda: os.kill(os.getpid(), number), 0.05),
        pytest.raises(StoppedError),
    ):
        wait(60)


def test_a_signal_that_came_before_ends_the_next_wait() -> None:
    with stoppable() as wait:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StoppedError):
            wait(0)


def test_a_wait_ends_even_if_what_interrupts_it_takes_longer() -> None:
    with stoppable() as wait, interrupting(lambda: time.sleep(0.2), 0.05):
        wait(0.1)
