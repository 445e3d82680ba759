"""Being asked to stop by SIGINT or SIGTERM, at a moment where a walk can be gone on with."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class StoppedError(Exception):
    """Somebody asked the walk to stop."""


@contextmanager
def stoppable() -> Iterator[Callable[[float], None]]:
    """Yield what waits for seconds, and raises StoppedError as soon as somebody has asked."""
    # threading.Event would not do: its handler may wait for the lock of the wait it interrupts.
    asked: SimpleQueue[None] = SimpleQueue()

    def wait(seconds: float) -> None:
        try:
            asked.get(timeout=max(seconds, 0))
        except Empty:
            return
        raise StoppedError("stopped by a signal")

    before = {
        number: signal.signal(number, lambda *_: asked.put(None))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield wait
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
