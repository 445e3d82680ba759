"""A call that ends a wait."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock


class Wake:
    """Ends one wait, the one under way or the next; calls that nobody has waited for are one.

    A signal handler or a finaliser may call in the middle of the wait itself. threading.Event does
    not fit: its set() waits for ever for a lock that its wait() may hold then. SimpleQueue does
    not either: until Python 3.13, its get() waits for ever when something comes between until its
    time is over. A bare lock has neither fault, as whoever waits takes it and whoever calls lets
    it go.
    """

    def __init__(self) -> None:
        """Begin with nobody having called."""
        self._uncalled = Lock()
        self._uncalled.acquire()

    def call(self) -> None:
        """End a wait; never waits itself."""
        with suppress(RuntimeError):  # there is a call already
            self._uncalled.release()

    def wait(self, seconds: float = -1) -> bool:
        """Return True as soon as somebody has called, False after so many seconds."""
        return self._uncalled.acquire(timeout=seconds)
