"""Simulated people: sessions that send what is due, and visitors who come back by themselves.

Each prepares first, like logging in, and waits for all others: hashing passwords is not what is
measured.
"""

from __future__ import annotations

import random
import time
from time import perf_counter
from typing import TYPE_CHECKING, cast

import gevent
from gevent.lock import BoundedSemaphore
from locust import User, task
from locust.exception import StopUser

from loadtests.plan import Closed
from loadtests.sender import Sender

if TYPE_CHECKING:
    from locust.env import Environment

    from loadtests.coordination import Generator
    from loadtests.scenarios.model import Call, Reply, Script
    from loadtests.sender import Sent

# The service hashes four passwords at a time, and answers 503 to who has queued too long.
DOORS = BoundedSemaphore(8)
# Decks are built on the first visit; a crowd that arrives within 10 s is already a rush.
ARRIVAL_SECONDS = 10.0
# About how long a person looks at a picture.
PAUSE_SECONDS = (0.5, 1.5)


class Session(User):
    """Somebody who sends the next request of the plan as soon as it is due."""

    def __init__(self, environment: Environment) -> None:
        """Take part in the environment's load."""
        super().__init__(environment)
        self._generator = cast("Generator", environment.generator)  # type: ignore[attr-defined]  # put there by the locustfile
        self._scenario = self._generator.people.scenario

    def on_start(self) -> None:
        """Prepare as the scenario says, and wait until everybody has."""
        self._person = self._generator.next_person()
        self._sender = Sender(self._generator.address, self._person)
        with DOORS:
            refusal = self._prepare()
        self._generator.prepared(refusal)
        if refusal:
            raise StopUser

    @task
    def serve(self) -> None:
        """Send until there is no more to send."""
        began = self._generator.wait()
        if isinstance(self._generator.plan.arrivals, Closed):
            self._visit(began + self._generator.plan.seconds)
        else:
            self._send_what_is_due()
        self._generator.left()
        raise StopUser

    def _prepare(self) -> str:
        """Run the preparation; returns what was refused, or nothing."""
        script = self._scenario.prepare(self._person)
        reply: Reply | None = None
        while (call := _next(script, reply)) is not None:
            started = perf_counter()
            sent = self._sender.send(call)
            reply = sent.reply
            seconds = sent.ended - started
            self._generator.meter.prepare(
                call.route.operation, reply.status, seconds, good=reply.good
            )
            self._tell_locust(call, sent, seconds)
            if not reply.good:
                return f"{call.route.operation} answered {reply.status}"
        return ""

    def _send_what_is_due(self) -> None:
        script, reply = self._scenario.act(self._person), None
        while (due := self._generator.dispatcher.take()) is not None:
            call = _next(script, reply)
            if call is None:
                script = self._scenario.act(self._person)
                call = next(script)
            reply = self._note(due.step, call, due.due)

    def _visit(self, until: float) -> None:
        """Call and look at the answer, as slowly as the service makes us."""
        quarter = self._generator.plan.seconds / 4
        gevent.sleep(random.uniform(0, min(ARRIVAL_SECONDS, quarter)))  # noqa: S311  # no secret
        script, reply = self._scenario.act(self._person), None
        (step,) = self._generator.plan.steps
        while perf_counter() < until:
            call = _next(script, reply)
            if call is None:
                script, reply = self._scenario.act(self._person), None
                continue
            reply = self._note(step.name, call, perf_counter())
            pause = random.uniform(*PAUSE_SECONDS)  # noqa: S311  # no secret
            gevent.sleep(min(pause, max(0.0, until - perf_counter())))

    def _note(self, step: str, call: Call, since: float) -> Reply:
        sent = self._sender.send(call)
        seconds = sent.ended - since
        operation, reply = call.route.operation, sent.reply
        self._generator.meter.answer(
            step, operation, reply.status, seconds, sent.trace_id, good=reply.good
        )
        self._tell_locust(call, sent, seconds)
        return reply

    def _tell_locust(self, call: Call, sent: Sent, seconds: float) -> None:
        """Let Locust's own statistics and pages show the same."""
        reply = sent.reply
        problem = sent.problem
        if problem is None and not reply.good:
            problem = RuntimeError(f"answered {reply.status}")
        self.environment.events.request.fire(
            request_type=call.route.method,
            name=call.route.operation,
            response_time=seconds * 1000,
            response_length=len(reply.content),
            response=None,
            context={},
            exception=problem,
            start_time=time.time() - seconds,
            url=call.route.template,
        )


def _next(script: Script, reply: Reply | None) -> Call | None:
    """Return the script's next call, None at its end."""
    try:
        return next(script) if reply is None else script.send(reply)
    except StopIteration:
        return None
