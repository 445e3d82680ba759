"""Being asked to stop by SIGINT or SIGTERM, at a moment where a walk can be gone on with."""

from __future__ import annotations

import signal
from contextlib import contextmanager, suppress
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StoppedError(Exception):
    """Somebody asked the walk to stop."""


@contextmanager
def stoppable() -> Iterator[Callable[[float], None]]:
    """Yield what waits for seconds, and raises StoppedError as soon as somebody has asked."""
    # A bare lock: an Event's handler may wait for the lock of the wait that it interrupts, and a
    # SimpleQueue, until Python 3.13, waits for ever when something interrupts it for too long.
    unasked = Lock()
    unasked.acquire()

    def ask() -> None:
        with suppress(RuntimeError):  # somebody has asked before
            unasked.release()

    def wait(seconds: float) -> None:
        if unasked.acquire(timeout=max(seconds, 0)):
            raise StoppedError("stopped by a signal")

    before = {
        number: signal.signal(number, lambda *_: ask())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
