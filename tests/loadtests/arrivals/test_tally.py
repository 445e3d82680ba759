from __future__ import annotations

from loadtests.arrivals.schedule import Schedule, Step
from loadtests.arrivals.tally import Tally, added

EDGES = (0.1, 0.5)


def test_a_duration_at_an_edge_is_within_it_and_what_never_came_is_past_all() -> None:
    tally = Tally(EDGES)
    for seconds in (0.05, 0.1, 0.2, 0.6):
        tally.record(seconds)
    tally.never(0.05)
    seconds, counts = tally.message()
    assert counts == [2, 1, 2]
    assert round(seconds, 9) == 1.0


def test_a_message_stays_what_it_was_when_more_is_counted() -> None:
    tally = Tally(EDGES)
    before = tally.message()
    tally.record(0.3)
    assert before == (0.0, [0, 0, 0])
    assert added([before, tally.message(), tally.message()]) == (0.6, [0, 2, 0])


def test_the_rate_of_a_moment_is_that_of_the_step_that_is_now() -> None:
    schedule = Schedule((Step("up", 0, 10, 100), Step("even", 50, 5)))
    assert schedule.rates_at(-1) == {"up": 0.0, "even": 0.0}
    assert schedule.rates_at(2.5) == {"up": 25.0, "even": 0.0}
    assert schedule.rates_at(10) == {"up": 0.0, "even": 50.0}
    assert schedule.rates_at(15) == {"up": 0.0, "even": 0.0}
