"""Starting requests when they are due, whatever became of those before.

A closed load asks a stalled server nothing and so forgives the stall. Here arrivals are released by
the plan alone; whoever is free takes the oldest, and its latency has run since it was due.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import gevent
from gevent.queue import SimpleQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from loadtests.arrivals.schedule import Arrival

# Somebody who has waited so long for a free session has put the phone away.
PATIENCE_SECONDS = 10.0
# Waking up costs more than an arrival: at thousands a second a few share one, and are late by it.
TICK_SECONDS = 0.0005


class Due(NamedTuple):
    """A request to be sent now: its step, and when it was due, by perf_counter()."""

    step: str
    due: float


class _Released(NamedTuple):
    step: str
    due: float
    at: float
    # Whether a session was free for it, so that all further delay is the generator's own.
    free: bool


class Dispatcher:
    """Hands out arrivals to sessions; everything planned is either taken or dropped."""

    def __init__(
        self,
        arrivals: Iterable[Arrival],
        lag: Callable[[float], None],
        dropped: Callable[[str], None],
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        """Tell `lag` how many seconds late each request was through us, `dropped` whose step."""
        self._arrivals = arrivals
        self._lag = lag
        self._dropped = dropped
        self._patience = patience
        self._queue: SimpleQueue[_Released | None] = SimpleQueue()
        # Sessions that wait for something to send.
        self.idle = 0
        self._stopped = False

    def run(self, begin: float) -> None:
        """Release every arrival at its moment after `begin`, by perf_counter(); then return."""
        for arrival in self._arrivals:
            if self._stopped:
                return
            due = begin + arrival.at
            if (early := due - perf_counter()) > 0:
                gevent.sleep(max(early, TICK_SECONDS))
            free = self.idle > self._queue.qsize()
            self._queue.put(_Released(arrival.step, due, perf_counter(), free))

    def stop(self) -> None:
        """Release nothing more and forget what nobody has taken; the run is cut short."""
        self._stopped = True
        while not self._queue.empty():
            self._queue.get()

    def close(self, sessions: int) -> None:
        """Send so many sessions home once everything released has been taken or dropped."""
        for _ in range(sessions):
            self._queue.put(None)

    def take(self) -> Due | None:
        """Wait for the next request to send; None when there will be no more."""
        while True:
            self.idle += 1
            try:
                released = self._queue.get()
            finally:
                self.idle -= 1
            if released is None:
                return None
            now = perf_counter()
            self._lag((now if released.free else released.at) - released.due)
            if now - released.due <= self._patience:
                return Due(released.step, released.due)
            self._dropped(released.step)
