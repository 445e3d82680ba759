"""What a walk does: shares of the traffic, time at each, limits, and how sure it has to be."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from app.telemetry.catalog import HTTP_DURATION

if TYPE_CHECKING:
    from slo.canary.population import Population

WEIGHTS = (5, 10, 25, 50, 100)
# Of a hundred walks with a canary that is no worse, so many may end in a roll-back.
FALSE_ALARMS = 0.05
# Two limits for the canary alone, two that compare it with stable.
QUESTIONS = 4
# Of 2 000 events a version, a ratio of 6 % in place of 2 % is seen in 19 of 20 steps.
MINIMUM_EVENTS = 2_000


class PlanError(ValueError):
    """A plan that cannot be walked; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that may go wrong, as shares of all requests; times in seconds."""

    errors: float = 0.05
    # The 99th percentile is past the limit when more than a hundredth is slower.
    slow: float = 0.01
    slow_seconds: float = 1.0
    # How much more than of stable, in shares of all requests.
    more_errors: float = 0.005
    more_late: float = 0.01
    # What swipes promise for 99 of 100; much below it, versions differ by their caches.
    late_seconds: float = 0.3

    def __post_init__(self) -> None:
        """Refuse shares that are none, and times between the edges of buckets."""
        for share in (self.errors, self.slow, self.more_errors, self.more_late):
            if not 0 < share < 1:
                raise PlanError(f"a limit is above 0 % and below 100 %, not {share * 100:g} %")
        for seconds in (self.slow_seconds, self.late_seconds):
            if seconds not in HTTP_DURATION.buckets:
                edges = ", ".join(f"{edge:g}" for edge in HTTP_DURATION.buckets)
                raise PlanError(f"{seconds:g} s is no bucket edge of requests: one of {edges}")


@dataclass(frozen=True, slots=True)
class Plan:
    """A walk: weights in percent of the traffic, times in seconds."""

    canary: Population
    stable: Population
    weights: tuple[int, ...] = WEIGHTS
    seconds: float = 300.0
    most_seconds: float = 900.0
    look_every: float = 30.0
    minimum: int = MINIMUM_EVENTS
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse weights that do not rise to 100, and times that do not fit into each other."""
        ends = [0, *self.weights]
        if ends != sorted(set(ends)) or ends[-1] != 100:
            raise PlanError(
                "the weights rise from above 0 to 100 like 5,10,25,50,100, not "
                + ",".join(map(str, self.weights))
            )
        if not 0 < self.look_every <= self.seconds <= self.most_seconds:
            raise PlanError(
                f"a look every {self.look_every:g} s, in a step of {self.seconds:g} to "
                f"{self.most_seconds:g} s: each must not be longer than the next"
            )
        if self.canary == self.stable:
            raise PlanError(f"canary and stable are the same: {self.canary}")

    @property
    def confidence(self) -> float:
        """Return how sure each single look must be for all of them to be as sure as they should.

        The false alarms of a walk are shared evenly among its looks, and one-sided (Bonferroni).
        """
        looks = len(self.weights) * (math.floor(self.most_seconds / self.look_every) + 2)
        return 1 - 2 * FALSE_ALARMS / (looks * QUESTIONS)

    @property
    def document(self) -> dict[str, object]:
        """Return the plan as JSON."""
        return {
            **asdict(self),
            "canary": str(self.canary),
            "stable": str(self.stable),
            "weights": list(self.weights),
        }

    @property
    def digest(self) -> str:
        """Return a hash that another plan does not have."""
        return hashlib.sha256(json.dumps(self.document, sort_keys=True).encode()).hexdigest()
