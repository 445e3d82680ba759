"""How much load, and when: the shapes of a test, each a schedule of named steps.

All of them are of one rate, in requests a second, and of how long the whole takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.arrivals.schedule import Schedule, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Pools, caches and the interpreter are cold at first, which is not what a shape is about.
WARM_UP = 0.1
# Nobody waits longer for that, however long the test is.
MOST_WARM_UP_SECONDS = 60.0
# A tenth of the rate lets the first decks be drawn before everybody wants theirs.
FIRST_SHARE = 0.1
SPIKE = 10
OVERLOAD = 2
# Long enough apart to tell a leak from a bad minute.
QUARTERS = ("first quarter", "second quarter", "third quarter", "last quarter")
# From what certainly goes, in steps of a quarter of the rate, to three times of what is expected.
STAIRS = tuple(quarter / 4 for quarter in range(2, 13))


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape with the rate per second and the seconds that it has unless others are given."""

    name: str
    description: str
    rate: float
    seconds: float
    steps: Callable[[float, float], tuple[Step, ...]]
    climbs: bool = False

    def plan(self, rate: float | None = None, seconds: float | None = None) -> Schedule:
        """Plan this shape; raises MisuseError for a rate or a time that cannot be planned."""
        rate = self.rate if rate is None else rate
        return Schedule(self.steps(rate, self.seconds if seconds is None else seconds))


def smoke(rate: float, seconds: float) -> tuple[Step, ...]:
    """Send one even rate, cold: it is asked whether anything is broken, not how fast it is."""
    return (Step("smoke", rate, seconds),)


def load(rate: float, seconds: float) -> tuple[Step, ...]:
    """Send what is expected, after a warm-up."""
    return _after_warm_up(rate, seconds, [("load", 1, 1)])


def stress(rate: float, seconds: float) -> tuple[Step, ...]:
    """Go up to twice of what is expected, and come back: overload must end with its cause."""
    steps = [("normal", 1, 2), ("high", 1.5, 2), ("overload", OVERLOAD, 2), ("recovery", 1, 3)]
    return _after_warm_up(rate, seconds, steps)


def spike(rate: float, seconds: float) -> tuple[Step, ...]:
    """Send ten times as much all of a sudden, and look at what comes after."""
    return _after_warm_up(rate, seconds, [("before", 1, 3), ("spike", SPIKE, 1), ("after", 1, 5)])


def soak(rate: float, seconds: float) -> tuple[Step, ...]:
    """Send the same for long, in quarters: what leaks is slower in the last than in the first."""
    return _after_warm_up(rate, seconds, [(quarter, 1, 1) for quarter in QUARTERS])


def breakpoint_(rate: float, seconds: float) -> tuple[Step, ...]:
    """Climb from half the rate to three times; the steps are named by their rates."""
    steps = [(f"{rate * times:g}/s", times, 1) for times in STAIRS]
    return _after_warm_up(rate, seconds, steps)


def _after_warm_up(
    rate: float, seconds: float, steps: Sequence[tuple[str, float, float]]
) -> tuple[Step, ...]:
    """Put a warm-up before steps of a name, a multiple of the rate, and a share of the time."""
    warm_up = min(seconds * WARM_UP, MOST_WARM_UP_SECONDS)
    first = rate * steps[0][1]
    each = (seconds - warm_up) / sum(share for _, _, share in steps)
    return (
        Step("warm-up", first * FIRST_SHARE, warm_up, first, warm_up=True),
        *(Step(name, rate * times, share * each) for name, times, share in steps),
    )


SHAPES = {
    shape.name: shape
    for shape in (
        # Enough for a p95: ten answers beyond it.
        Shape("smoke", "one low, even rate: does anything work at all", 10, 20, smoke),
        # What two cores of a CI machine carry with the service beside it; 5 400 answers for a p99.
        Shape("load", "the expected rate, after a warm-up", 100, 60, load),
        # Its steps have to be long enough to be judged one by one.
        Shape("stress", "up to twice the expected rate, and back", 100, 120, stress),
        # Ten times 50/s is the floor that one instance must carry.
        Shape("spike", "ten times the rate all of a sudden, and the time after", 50, 90, spike),
        # Past the half hour of an idle session and the whole one of a token.
        Shape("soak", "the same rate for long, judged by quarters", 50, 2 * 60 * 60, soak),
        # Up to 600/s, over the 500/s that one instance must carry.
        Shape(
            "breakpoint",
            "stairs from half the rate to three times, judged up to where it breaks",
            200,
            240,
            breakpoint_,
            climbs=True,
        ),
    )
}
