"""What a load was, as its generator saw it: planned, sent, dropped, answered, step by step."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtests.arrivals.histogram import Histogram

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

# A request that got no answer at all; nobody knows whether the server did it.
UNANSWERED = 0
ALL = "all"


@dataclass(slots=True)
class Answers:
    """The answers to one operation: all by status, and the good ones by seconds.

    Seconds run from the intended start of a request, so that one that had to wait for its turn has
    waited.
    """

    statuses: Counter[int] = field(default_factory=Counter)
    good: Histogram = field(default_factory=Histogram)

    @property
    def total(self) -> int:
        """Return how many requests were sent."""
        return self.statuses.total()

    @property
    def failed(self) -> int:
        """Return how many did not do what was asked, those without an answer included."""
        return self.total - self.good.total

    @property
    def unanswered(self) -> int:
        """Return how many got no answer at all."""
        return self.statuses[UNANSWERED]

    def latencies(self) -> list[tuple[float, int]]:
        """Return pairs of seconds and count in rising order; what failed never came: infinity."""
        pairs = [pair for pair in self.good.counts() if pair[0] != float("inf")]
        never = self.failed + self.good.overflow
        return [*pairs, (float("inf"), never)] if never else pairs

    def merge(self, other: Answers) -> None:
        """Add what the other one has counted."""
        self.statuses.update(other.statuses)
        self.good.merge(other.good)


def merged(parts: Iterable[Answers]) -> Answers:
    """Return all of these together; they stay as they are."""
    whole = Answers()
    for part in parts:
        whole.merge(part)
    return whole


@dataclass(slots=True)
class StepLoad:
    """One step of the schedule: what was planned and what became of it.

    Every arrival was either sent or dropped: `planned == sent + dropped`, unless the run was cut
    short. `planned` is None where people came and went by themselves.
    """

    name: str
    warm_up: bool
    planned: int | None
    started: datetime
    ended: datetime
    sent: int = 0
    dropped: int = 0
    operations: dict[str, Answers] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """Return how long the step lasted by plan."""
        return (self.ended - self.started).total_seconds()

    def answers(self, operation: str = ALL) -> Answers:
        """Return the answers to one operation, or to all together."""
        if operation == ALL:
            return merged(self.operations.values())
        return self.operations.get(operation, Answers())


@dataclass(frozen=True, slots=True)
class SlowTrace:
    """One of the slowest requests, by its trace id; seconds from its intended start."""

    seconds: float
    trace_id: str
    operation: str
    step: str
    status: int


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """One process of the generator: what it sent, and its share of a core, 1 is a whole one.

    `cpu` is of the whole schedule, `busiest` of its worst stretch of five seconds.
    """

    index: int
    sent: int
    cpu: float
    busiest: float


@dataclass(slots=True)
class Load:
    """Everything that the generator saw of a run.

    `prepared` are the calls before the schedule, like log-ins; `lag` is how late the generator
    itself was with what it could have sent; `problems` says why the run is no whole one.
    """

    sessions: int
    started: datetime
    load_started: datetime
    load_ended: datetime
    steps: list[StepLoad]
    prepared: dict[str, Answers] = field(default_factory=dict)
    lag: Histogram = field(default_factory=Histogram)
    workers_expected: int = 1
    workers: list[WorkerLoad] = field(default_factory=list)
    slowest: list[SlowTrace] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def planned(self) -> int | None:
        """Return how many requests were planned; None where nothing was."""
        counts = [step.planned for step in self.steps]
        return None if None in counts else sum(count or 0 for count in counts)

    @property
    def sent(self) -> int:
        """Return how many of the schedule's requests were sent."""
        return sum(step.sent for step in self.steps)

    @property
    def dropped(self) -> int:
        """Return how many of the schedule's requests nobody was free to send."""
        return sum(step.dropped for step in self.steps)

    @property
    def operations(self) -> dict[str, Answers]:
        """Return all answers by operation, preparation and warm-up included."""
        names = sorted({*self.prepared, *(name for step in self.steps for name in step.operations)})
        return {
            name: merged(
                part[name]
                for part in (self.prepared, *(step.operations for step in self.steps))
                if name in part
            )
            for name in names
        }

    @property
    def requests(self) -> int:
        """Return how many requests were sent, preparation included."""
        return sum(answers.total for answers in self.operations.values())

    @property
    def unanswered(self) -> int:
        """Return how many requests got no answer, so that nobody knows what they did."""
        return sum(answers.unanswered for answers in self.operations.values())
