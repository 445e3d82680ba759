"""One process of a load that sends, and how it agrees with the others, by the one that conducts.

Sent by Locust's own messages between its master and its workers; a single process talks to itself.

    worker → master   petswipe-ready      its sessions are prepared, or refused
    master → workers  petswipe-begin      the moment at which the schedule begins
    worker → master   petswipe-progress   how many requests so far, for progress and for Prometheus
    worker → master   petswipe-measured   everything it has noted, at its end
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any, cast

import gevent
from gevent.event import AsyncResult, Event

from alerts.load_generator import BUSY, IDLE, PREPARING
from loadtests.arrivals.dispatcher import PATIENCE_SECONDS, Dispatcher
from loadtests.arrivals.meter import Meter
from loadtests.arrivals.schedule import Schedule
from loadtests.connection import Address
from loadtests.scenarios.model import Person

if TYPE_CHECKING:
    from locust.env import Environment

    from loadtests.plan import LoadPlan
    from loadtests.scenarios.model import Scenario

READY, BEGIN = "petswipe-ready", "petswipe-begin"
PROGRESS, MEASURED = "petswipe-progress", "petswipe-measured"
LOOK_EVERY_SECONDS = 0.5
CPU_EVERY_SECONDS = 1.0
# A request may take so long, which is also where the histogram ends.
NETWORK_SECONDS = 60.0
MOST_REFUSED = 10


@dataclass(frozen=True, slots=True)
class People:
    """Who acts: the scenario, and the accounts that its people have."""

    scenario: Scenario
    accounts: tuple[str, ...]
    password: str = field(repr=False)

    def person(self, number: int) -> Person:
        """Return one of them, with the same chances in every run."""
        email = self.accounts[number] if self.accounts else ""
        return Person(number, email, self.password, Random(number))  # noqa: S311  # no secret


class Generator:
    """One process that sends: its share of the sessions and of the arrivals."""

    def __init__(
        self, environment: Environment, plan: LoadPlan, people: People, processes: int
    ) -> None:
        """Take part with the given number of processes in all."""
        self.plan = plan
        self.people = people
        self.address = Address(str(environment.host))
        self.processes = processes
        self.sessions = plan.sessions // processes
        self.meter = Meter(tuple(step.name for step in plan.steps))
        self.dispatcher = Dispatcher((), self.meter.late, self.meter.dropped)
        # When the schedule begins, by perf_counter().
        self._begun: AsyncResult[float] = AsyncResult()
        self._environment = environment
        self._refused: list[str] = []
        self._prepared = self._left = self._started = 0
        self._everybody_left = Event()
        self._sent_report = False

    @property
    def index(self) -> int:
        """Return which of the processes this is."""
        runner = self._environment.runner
        return 0 if runner is None else int(runner.worker_index)  # type: ignore[attr-defined]  # of workers and of a single process

    def next_person(self) -> Person:
        """Return the person of the next session, whom no other process has."""
        number, self._started = self._started * self.processes + self.index, self._started + 1
        return self.people.person(number)

    def wait(self) -> float:
        """Wait for the moment at which the schedule begins, by perf_counter()."""
        return cast("float", self._begun.get())

    def prepared(self, refusal: str) -> None:
        """Note that a session is ready, or who was refused; the last one tells the master."""
        self._prepared += 1
        if refusal:
            self._refused.append(refusal)
        if self._prepared == self.sessions:
            refused = self._refused[:MOST_REFUSED]
            document = {"index": self.index, "refused": refused, "count": len(self._refused)}
            self._send(READY, document)

    def left(self) -> None:
        """Note that a session has sent its last request."""
        self._left += 1
        if self._left == self.sessions:
            self._everybody_left.set()

    def begin(self, at: float) -> None:
        """Run the schedule from this moment of the wall clock on, and report when it is over."""
        began = perf_counter() + at - time.time()
        arrivals = self.plan.arrivals
        if isinstance(arrivals, Schedule):
            mine = arrivals.arrivals(self.index, self.processes)
            self.dispatcher = Dispatcher(mine, self.meter.late, self.meter.dropped)
        looks = gevent.spawn(self._look, began)
        self._begun.set(began)
        if isinstance(arrivals, Schedule):
            self.dispatcher.run(began)
        gevent.sleep(max(0.0, began + self.plan.seconds - perf_counter()))
        looks.kill()
        self.meter.look_at_cpu()
        self.dispatcher.close(self.sessions)
        self.report(complete=self._everybody_left.wait(PATIENCE_SECONDS + NETWORK_SECONDS))

    def stop(self) -> None:
        """Send nobody any further; who waits for something to send goes home."""
        if not self._begun.ready():
            self._begun.set(perf_counter())
        self.dispatcher.stop()
        self.dispatcher.close(self.sessions)

    def report(self, *, complete: bool) -> None:
        """Send everything noted to the master, once."""
        if not self._sent_report:
            self._sent_report = True
            # Whoever looks while it goes sees the end as well.
            self._tell()
            document = {"index": self.index, "complete": complete, **self.meter.message()}
            self._send(MEASURED, document)

    def tell(self) -> None:
        """Tell the master how far this process is, for ever."""
        while True:
            gevent.sleep(LOOK_EVERY_SECONDS)
            self._tell()

    def _tell(self) -> None:
        document = {
            "index": self.index,
            "prepared": self._prepared,
            "sessions": self._sessions(),
            **self.meter.live(),
        }
        self._send(PROGRESS, document)

    def _sessions(self) -> dict[str, int]:
        """Count the sessions by what they do; one without a plan is busy between calls too."""
        there = self._prepared - self._left
        idle = min(self.dispatcher.idle, there) if self._begun.ready() else there
        preparing = self.sessions - self._prepared
        return {PREPARING: preparing, IDLE: idle, BUSY: there - idle}

    def _look(self, began: float) -> None:
        gevent.sleep(max(0.0, began - perf_counter()))
        while True:
            self.meter.look_at_cpu()
            gevent.sleep(CPU_EVERY_SECONDS)

    def _send(self, kind: str, document: dict[str, Any]) -> None:
        if self._environment.runner is not None:
            self._environment.runner.send_message(kind, document)
