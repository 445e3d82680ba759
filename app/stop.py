"""Being asked to stop: what a signal handler sets and the main thread waits for."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stop:
    """A request to stop; once made, it stays."""

    def __init__(self) -> None:
        """Begin with nobody having asked."""
        self._asked = False
        self._wake = Wake()

    def set(self) -> None:
        """Ask; may be called from a signal handler."""
        self._asked = True
        self._wake.call()

    def wait(self, seconds: float) -> bool:
        """Return True as soon as somebody has asked, False after so many seconds."""
        if not self._asked and self._wake.wait(seconds):
            self._wake.call()  # whoever else waits
        return self._asked


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
