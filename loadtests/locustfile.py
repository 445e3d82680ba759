"""The locustfile: users, what they share, and when the run ends.

Started by `python -m loadtests run`, which checks everything first; stock Locust can load it too:
`PET_LOAD_PASSWORD=… locust -f loadtests/locustfile.py --headless -u 20 --accounts FILE -H URL`.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from locust import events

from loadtests.plan import Plan
from loadtests.recording import Progress, Recorder, send
from loadtests.users import Adopter

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from locust.env import Environment

__all__ = ["Adopter"]

PROGRESS_EVERY_SECONDS = 0.5
# Decks are built on the first visit; a crowd that arrives within 10 s is already a rush.
ARRIVAL_SECONDS = 10.0
MISUSE = 2


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Add what a measured run needs to Locust's own options."""
    parser.add_argument("--accounts", type=Path, required=True, help="File of e-mails, one a line.")
    parser.add_argument("--measured-seconds", type=float, default=60.0)
    parser.add_argument("--result", type=Path, default=Path("load.json"))
    parser.add_argument("--progress-fd", type=int, default=None)


@events.init.add_listener
def prepare(environment: Environment, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Give the users their plan and record every request."""
    options = environment.parsed_options
    if options is None:
        raise RuntimeError("this locustfile needs Locust's command line")
    accounts = options.accounts.read_text().split()[: options.num_users]
    recorder = Recorder(len(accounts))
    arrival = min(ARRIVAL_SECONDS, options.measured_seconds / 4)
    plan = Plan(accounts, _password(), recorder, arrival)
    environment.plan = plan  # type: ignore[attr-defined]  # read back by the users

    @environment.events.request.add_listener
    def record(name: str, response_time: float, response: Any, **_: Any) -> None:  # noqa: ANN401
        recorder.add(name, getattr(response, "status_code", 0), response_time)

    @environment.events.test_start.add_listener
    def begin(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        gevent.spawn(measure, environment, plan, options)

    @environment.events.quitting.add_listener
    def finish(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        recorder.write(options.result)
        environment.process_exit_code = 0


def _password() -> str:
    password = os.environ.get("PET_LOAD_PASSWORD")
    if not password:
        print("PET_LOAD_PASSWORD is not set: give it the password of the accounts", file=sys.stderr)
        raise SystemExit(MISUSE)
    return password


def measure(environment: Environment, plan: Plan, options: Any) -> None:  # noqa: ANN401  # a Namespace
    """Wait until everybody is in, let the load run for its time, and stop it gracefully.

    Users end the request they are in, so that every request that was sent has been counted.
    """
    recorder = plan.recorder
    while not plan.gate.wait(PROGRESS_EVERY_SECONDS):
        _report(
            options.progress_fd,
            recorder,
            "log in",
            recorder.logged_in,
            recorder.adopters,
            "adopters",
        )
    recorder.load_started = time.time()
    deadline = recorder.load_started + options.measured_seconds
    while (left := deadline - time.time()) > 0:
        done = round(options.measured_seconds - left)
        _report(options.progress_fd, recorder, "load", done, round(options.measured_seconds), "s")
        gevent.sleep(min(PROGRESS_EVERY_SECONDS, left))
    if environment.runner is not None:
        environment.runner.stop()
    recorder.load_ended = time.time()
    recorder.complete = True
    if environment.runner is not None:
        environment.runner.quit()


def _report(
    pipe: int | None, recorder: Recorder, phase: str, done: int, of: int, unit: str
) -> None:
    if pipe is not None:
        send(pipe, Progress(phase, done, of, recorder.requests, recorder.failures, unit))
