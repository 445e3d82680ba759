"""What one process of the generator notes while it sends, and how it tells the others."""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from alerts.load_generator import LAG_BUCKETS, LATENCY_BUCKETS
from loadtests.arrivals.histogram import Histogram
from loadtests.arrivals.tally import Tally
from loadtests.load import Answers, SlowTrace

if TYPE_CHECKING:
    from collections.abc import Mapping

SLOWEST = 10
BUSY_SECONDS = 5.0


@dataclass(slots=True)
class StepMeter:
    """What became of one step's arrivals in this process."""

    sent: int = 0
    dropped: int = 0
    operations: dict[str, Answers] = field(default_factory=dict)
    # The same by operation and coarser, told while it goes: failures, and latencies.
    failed: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Tally] = field(default_factory=dict)


class Meter:
    """Counts every request of one process."""

    def __init__(self, steps: tuple[str, ...]) -> None:
        """Count for these steps, and for what goes before them."""
        self.steps = {name: StepMeter() for name in steps}
        self.prepared: dict[str, Answers] = {}
        self.lag = Histogram()
        self.lag_tally = Tally(LAG_BUCKETS)
        self.slowest: list[tuple[float, str, str, str, int]] = []
        self.failed = 0
        self._cpu: list[tuple[float, float]] = []

    def late(self, seconds: float) -> None:
        """Note how late the generator was itself; a clock that steps back makes it no earlier."""
        late = max(0.0, seconds)
        self.lag.record(late)
        self.lag_tally.record(late)

    def dropped(self, step: str) -> None:
        """Note an arrival that nobody was free to send."""
        self.steps[step].dropped += 1

    def prepare(self, operation: str, status: int, seconds: float, *, good: bool) -> None:
        """Note a request from before the schedule."""
        self._note(self.prepared, operation, status, seconds, good)

    def answer(
        self, step: str, operation: str, status: int, seconds: float, trace_id: str, *, good: bool
    ) -> None:
        """Note a request of the schedule; seconds from its intended start."""
        meter = self.steps[step]
        meter.sent += 1
        self._note(meter.operations, operation, status, seconds, good)
        tally = meter.tallies.get(operation)
        if tally is None:
            tally = meter.tallies[operation] = Tally(LATENCY_BUCKETS)
        if good:
            tally.record(seconds)
        else:
            tally.never(seconds)
            meter.failed[operation] += 1
        slowest = self.slowest
        if len(slowest) < SLOWEST:
            heapq.heappush(slowest, (seconds, trace_id, operation, step, status))
        elif seconds > slowest[0][0]:
            heapq.heapreplace(slowest, (seconds, trace_id, operation, step, status))

    def look_at_cpu(self) -> None:
        """Note the time and the CPU time so far; twice at least, about every second."""
        self._cpu.append((perf_counter(), process_time()))

    @property
    def sent(self) -> int:
        """Return how many requests of the schedule were sent."""
        return sum(step.sent for step in self.steps.values())

    def live(self) -> dict[str, Any]:
        """Return what is told while it goes: as lists and numbers, and few of them."""
        return {
            "sent": self.sent,
            "failed": self.failed,
            "steps": {
                name: [step.sent, step.dropped, _tallies_message(step)]
                for name, step in self.steps.items()
            },
            "lag": self.lag_tally.message(),
            "cpu": process_time(),
        }

    def message(self) -> dict[str, Any]:
        """Return everything as lists and numbers, for JSON and msgpack."""
        return {
            "steps": {
                name: [step.sent, step.dropped, _answers_message(step.operations)]
                for name, step in self.steps.items()
            },
            "prepared": _answers_message(self.prepared),
            "lag": self.lag.message(),
            "slowest": [list(slow) for slow in self.slowest],
            "sent": self.sent,
            "cpu": _share(self._cpu),
            "busiest": _busiest(self._cpu),
        }

    def _note(
        self, into: dict[str, Answers], operation: str, status: int, seconds: float, good: bool
    ) -> None:
        answers = into.get(operation)
        if answers is None:
            answers = into[operation] = Answers()
        answers.statuses[status] += 1
        if good:
            answers.good.record(seconds)
        else:
            self.failed += 1


def _tallies_message(step: StepMeter) -> dict[str, Any]:
    return {name: [step.failed[name], tally.message()] for name, tally in step.tallies.items()}


def _answers_message(operations: Mapping[str, Answers]) -> dict[str, Any]:
    return {
        name: [[list(pair) for pair in sorted(a.statuses.items())], a.good.message()]
        for name, a in operations.items()
    }


def read_answers(message: Mapping[str, Any]) -> dict[str, Answers]:
    """Read back the answers by operation of a message; raises InvalidRun for anything else."""
    return {
        name: Answers(Counter(dict(statuses)), Histogram.from_message(good))
        for name, (statuses, good) in message.items()
    }


def read_slowest(message: list[list[Any]]) -> list[SlowTrace]:
    """Read back the slowest requests of a message."""
    return [SlowTrace(*slow) for slow in message]


def _share(looks: list[tuple[float, float]]) -> float:
    if len(looks) < 2:
        return 0.0
    (began, used), (ended, used_by_then) = looks[0], looks[-1]
    return (used_by_then - used) / (ended - began)


def _busiest(looks: list[tuple[float, float]]) -> float:
    """Return the share of the worst stretch of five seconds, of the whole when it is shorter."""
    worst, first = 0.0, 0
    for last, (at, _) in enumerate(looks):
        while first + 1 < last and at - looks[first + 1][0] >= BUSY_SECONDS:
            first += 1
        if at - looks[first][0] >= BUSY_SECONDS:
            worst = max(worst, _share([looks[first], looks[last]]))
    return worst or _share(looks)
