"""Planned arrivals and those who take them: in time, in order, and none is lost."""

from __future__ import annotations

from collections import Counter
from time import perf_counter
from typing import TYPE_CHECKING

import gevent
import pytest

from loadtests.arrivals.dispatcher import PATIENCE_SECONDS, Dispatcher, Due
from loadtests.arrivals.schedule import Arrival, constant

if TYPE_CHECKING:
    from collections.abc import Iterable


class Seen:
    """A dispatcher of these arrivals, and what it has told."""

    def __init__(self, arrivals: Iterable[Arrival]) -> None:
        self.lags: list[float] = []
        self.dropped: Counter[str] = Counter()
        self.dispatcher = Dispatcher(arrivals, self.lags.append, self._drop)

    def _drop(self, step: str) -> None:
        self.dropped[step] += 1

    def taken(self, sessions: int = 1) -> list[Due]:
        """Let so many sessions take all that is left, and go home."""
        self.dispatcher.close(sessions)
        found: list[Due] = []
        gevent.joinall([gevent.spawn(self._take, found) for _ in range(sessions)])
        return found

    def _take(self, into: list[Due]) -> None:
        while (due := self.dispatcher.take()) is not None:
            into.append(due)


def spin(seconds: float) -> None:
    """Keep the process busy, so that nobody else gets to run."""
    until = perf_counter() + seconds
    while perf_counter() < until:
        pass


def test_nothing_is_released_before_it_is_due() -> None:
    seen = Seen(constant(200, 0.2).arrivals(0, 1))
    begin, found = perf_counter(), list[tuple[float, Due]]()

    def take() -> None:
        while (due := seen.dispatcher.take()) is not None:
            found.append((perf_counter(), due))

    sessions = [gevent.spawn(take) for _ in range(3)]
    seen.dispatcher.run(begin)
    seen.dispatcher.close(3)
    gevent.joinall(sessions)
    assert len(found) == 40
    assert all(at >= due.due for at, due in found)
    expected = [begin + arrival.at for arrival in constant(200, 0.2).arrivals(0, 1)]
    assert [due.due for _, due in found] == expected


@pytest.mark.parametrize("sessions", [1, 3])
def test_what_was_not_taken_in_time_is_dropped_and_told_by_its_step(sessions: int) -> None:
    arrivals = [Arrival(0, "first"), Arrival(5, "first"), Arrival(9, "then"), Arrival(15, "then")]
    seen = Seen(arrivals)
    # They were due 20, 15, 11 and 5 seconds ago, and nobody waits longer than ten.
    seen.dispatcher.run(perf_counter() - PATIENCE_SECONDS * 2)
    assert [due.step for due in seen.taken(sessions)] == ["then"]
    assert seen.dropped == {"first": 2, "then": 1}
    assert len(seen.lags) == len(arrivals)


def test_the_oldest_is_taken_first() -> None:
    seen = Seen([Arrival(n / 10, str(n)) for n in range(9)])
    seen.dispatcher.run(perf_counter() - 5)
    assert [due.step for due in seen.taken(2)] == [str(n) for n in range(9)]


def test_waiting_for_somebody_free_is_no_lag_of_the_generator() -> None:
    seen = Seen([Arrival(0, "load")])
    begin = perf_counter()
    seen.dispatcher.run(begin)
    released = perf_counter()
    spin(0.05)
    (due,) = seen.taken()
    assert due.due == begin
    assert 0 <= seen.lags[0] <= released - begin


def test_what_a_free_session_could_have_sent_earlier_is_lag() -> None:
    seen = Seen([Arrival(0, "load")])
    session = gevent.spawn(seen.dispatcher.take)
    gevent.sleep(0)
    seen.dispatcher.run(perf_counter())
    spin(0.05)
    session.join()
    assert seen.lags[0] >= 0.05


def test_a_release_that_is_late_is_lag_whoever_is_free() -> None:
    seen = Seen([Arrival(0, "load")])
    seen.dispatcher.run(perf_counter() - 3)
    seen.taken()
    assert seen.lags[0] >= 3


def test_who_is_stopped_sends_nothing_more() -> None:
    seen = Seen(constant(100, 3600).arrivals(0, 1))
    running = gevent.spawn(seen.dispatcher.run, perf_counter())
    while len(seen.lags) < 5:
        assert seen.dispatcher.take() is not None
    seen.dispatcher.stop()
    assert seen.taken(2) == []
    running.join()
    assert seen.dropped == {}
