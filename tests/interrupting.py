"""What a signal does in the middle of whatever the main thread does."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def interrupting(act: Callable[[], object], after: float) -> Iterator[None]:
    """Send this thread a signal after so many seconds, and run this when it comes."""
    # Not the alarm, which is the time limit of the test itself.
    number = signal.SIGUSR1
    before = signal.signal(number, lambda *_: act())
    timer = threading.Timer(after, signal.pthread_kill, [threading.get_ident(), number])
    timer.start()
    try:
        yield
    finally:
        timer.join()
        signal.signal(number, before)
