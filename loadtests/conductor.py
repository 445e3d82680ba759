"""The one process of a load that begins it when all are ready and ends it when all reported."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gevent.event import Event
from locust.runners import STATE_MISSING, MasterRunner

from loadtests.arrivals.dispatcher import PATIENCE_SECONDS
from loadtests.coordination import (
    BEGIN,
    LOOK_EVERY_SECONDS,
    MEASURED,
    NETWORK_SECONDS,
    PROGRESS,
    READY,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from locust.env import Environment

    from loadtests.plan import LoadPlan

# Long enough for the message to reach every worker before it is time.
HEAD_START_SECONDS = 1.0
REPORT_SECONDS = 15.0
# A service on one slow core hashes the password of a session a second; whoever takes longer hangs.
READY_SECONDS, SESSION_SECONDS = 120.0, 1.0


@dataclass(slots=True)
class Gathered:
    """What the master knows of all processes, by their index."""

    ready: dict[int, dict[str, Any]] = field(default_factory=dict)
    progress: dict[int, dict[str, Any]] = field(default_factory=dict)
    measured: dict[int, dict[str, Any]] = field(default_factory=dict)
    # Of each index the worker's name in Locust.
    nodes: dict[int, str] = field(default_factory=dict)
    begin_at: float = 0.0
    problems: list[str] = field(default_factory=list)


class Conductor:
    """The one process that begins the load, hears what it was, and ends it."""

    def __init__(self, environment: Environment, plan: LoadPlan, processes: int) -> None:
        """Conduct so many generators."""
        self.gathered = Gathered()
        self._environment = environment
        self._plan = plan
        self._processes = processes
        self._news = Event()

    def hear(self, kind: str, node: str, document: dict[str, Any]) -> None:
        """Note a message of a generator, and by which name Locust knows it."""
        self.gathered.nodes[document["index"]] = node
        into = {
            READY: self.gathered.ready,
            PROGRESS: self.gathered.progress,
            MEASURED: self.gathered.measured,
        }[kind]
        into[document["index"]] = document
        self._news.set()

    def conduct(self, show: Callable[[Gathered], None], ended: Callable[[], None]) -> None:
        """Wait until all are ready, begin, wait until all have reported; then stop Locust.

        `ended` is called when all have, and may take its time.
        """
        try:
            patience = time.time() + READY_SECONDS + self._plan.sessions * SESSION_SECONDS
            ready = self._wait(self.gathered.ready, patience, "became ready", show)
            if ready and not any(told["refused"] for told in self.gathered.ready.values()):
                self._begin()
                over = self.gathered.begin_at + self._plan.seconds
                deadline = over + PATIENCE_SECONDS + NETWORK_SECONDS + REPORT_SECONDS
                if self._wait(self.gathered.measured, deadline, "reported", show):
                    ended()
        finally:
            if self._environment.runner is not None:
                self._environment.runner.quit()

    def _begin(self) -> None:
        self.gathered.begin_at = time.time() + HEAD_START_SECONDS
        if self._environment.runner is not None:
            self._environment.runner.send_message(BEGIN, {"at": self.gathered.begin_at})

    def _wait(
        self,
        for_all: dict[int, dict[str, Any]],
        deadline: float,
        what: str,
        show: Callable[[Gathered], None],
    ) -> bool:
        while len(for_all) < self._processes:
            self._news.wait(LOOK_EVERY_SECONDS)
            self._news.clear()
            show(self.gathered)
            if lost := self._lost(for_all):
                some = f"{len(lost)} of {self._processes}"
                self.gathered.problems.append(f"{some} generator processes were lost")
                return False
            if time.time() > deadline:
                some = f"{len(for_all)} of {self._processes}"
                self.gathered.problems.append(f"{some} generator processes {what} in time")
                return False
        show(self.gathered)
        return True

    def _lost(self, heard: dict[int, dict[str, Any]]) -> list[int]:
        """List the processes that are gone and have not said all they had to."""
        runner = self._environment.runner
        if not isinstance(runner, MasterRunner):
            return []
        clients = {node: runner.clients.get(node) for node in self.gathered.nodes.values()}
        gone = {n for n, client in clients.items() if not client or client.state == STATE_MISSING}
        nodes = self.gathered.nodes.items()
        return [index for index, node in nodes if index not in heard and node in gone]
