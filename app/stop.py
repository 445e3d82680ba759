"""Being asked to stop: what a signal handler sets and the main thread waits for."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stop:
    """A request to stop; once made, it stays.

    threading.Event does not fit: a handler runs in the middle of the wait that it should end, and
    Event.set() waits for ever for a lock that Event.wait() may hold then. SimpleQueue.put() never
    waits.
    """

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self._asked: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Ask; may be called from a signal handler."""
        self._asked.put(None)

    def wait(self, seconds: float) -> bool:
        """Return True as soon as somebody has asked, False after so many seconds."""
        try:
            self._asked.get(timeout=seconds)
        except Empty:
            return False
        self._asked.put(None)
        return True


@contextmanager
def stop_event() -> Iterator[Stop]:
    """Yield a request to stop that SIGINT and SIGTERM make, for as long as the block lasts."""
    stop = Stop()
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
