"""The locustfile: who takes part in a load, in which process, and what is written at its end.

Started by `python -m loadtests run`, which checks everything first; stock Locust can load it too:
`PET_LOAD_PASSWORD=… locust -f loadtests/locustfile.py --headless -u 20 --accounts FILE -H URL`.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from locust import events
from locust.runners import MasterRunner, WorkerRunner

from loadtests.conductor import Conductor
from loadtests.coordination import BEGIN, MEASURED, PROGRESS, READY, Generator, People
from loadtests.errors import MisuseError
from loadtests.exposition import Exposition
from loadtests.live import Live
from loadtests.plan import LoadPlan, read_plan
from loadtests.recording import Progress, send
from loadtests.scenarios.registry import SCENARIOS
from loadtests.shapes import SHAPES
from loadtests.users import Session

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from locust.env import Environment

    from loadtests.conductor import Gathered

__all__ = ["Session"]

MISUSE = 2


@events.init_command_line_parser.add_listener
def add_options(parser: ArgumentParser, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Add what a measured run needs to Locust's own options; a master sends them as texts."""
    add = parser.add_argument
    add("--plan", help="File of a plan, as `python -m loadtests run` writes it.")
    add("--scenario", choices=list(SCENARIOS), default="swipe-hot-path", help="Without --plan.")
    add("--shape", choices=list(SHAPES), default="load", help="Without --plan.")
    add("--rate", type=float, help="Requests per second; without --plan.")
    add("--measured-seconds", type=float, help="Without --plan.")
    add("--accounts", help="File of e-mails, one a line.")
    add("--result", default="load.json")
    add("--progress-fd", type=int, default=None)
    add("--metrics-host", default="127.0.0.1", help="Where Prometheus may ask, see --metrics-port.")
    add(
        "--metrics-port",
        type=int,
        default=None,
        help="Tell Prometheus here while the load is sent; 0 for a free port, which the log names.",
    )


@events.init.add_listener
def prepare(environment: Environment, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
    """Give this process its part: to send, to conduct, or both when it is alone."""
    options = environment.parsed_options
    if options is None:
        raise RuntimeError("this locustfile needs Locust's command line")
    try:
        plan, processes = _plan(options), options.processes or options.expect_workers or 1
        plan.refuse_uneven(processes)
        people = _people(plan, options)
    except (MisuseError, OSError) as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(MISUSE) from None
    if not isinstance(environment.runner, MasterRunner):
        _send_a_share(environment, Generator(environment, plan, people, processes))
    if not isinstance(environment.runner, WorkerRunner):
        _conduct(environment, Conductor(environment, plan, processes), plan, options)


def _plan(options: Namespace) -> LoadPlan:
    if options.plan is not None:
        return read_plan(json.loads(Path(options.plan).read_text()))
    schedule = SHAPES[options.shape].plan(options.rate, options.measured_seconds)
    return LoadPlan(options.scenario, schedule, options.num_users or 1)


def _people(plan: LoadPlan, options: Namespace) -> People:
    """Find out who acts; raises MisuseError and OSError."""
    scenario = SCENARIOS[plan.scenario]
    if not scenario.accounts:
        return People(scenario, (), "")
    if options.accounts is None:
        raise MisuseError(f"the scenario {scenario.name} needs accounts: give --accounts FILE")
    accounts = Path(options.accounts).read_text().split()
    if len(accounts) < plan.sessions:
        some = f"{options.accounts} has {len(accounts)} accounts"
        raise MisuseError(f"{some} for {plan.sessions} sessions")
    password = os.environ.get("PET_LOAD_PASSWORD")
    if not password:
        raise MisuseError("PET_LOAD_PASSWORD is not set: give it the password of the accounts")
    return People(scenario, tuple(accounts), password)


def _send_a_share(environment: Environment, generator: Generator) -> None:
    """Begin when told to, report at the end, and report what there is when stopped early."""
    environment.generator = generator  # type: ignore[attr-defined]  # read by the sessions

    def begin(msg: Any, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
        # What is here stays; looking through it again and again would be late requests.
        gc.collect()
        gc.freeze()
        gevent.spawn(generator.begin, msg.data["at"])

    if environment.runner is not None:
        environment.runner.register_message(BEGIN, begin)

    @environment.events.test_start.add_listener
    def start(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        gevent.spawn(generator.tell)

    @environment.events.test_stopping.add_listener
    def stopping(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        generator.stop()

    @environment.events.test_stop.add_listener
    def stop(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        generator.report(complete=False)


def _conduct(
    environment: Environment, conductor: Conductor, plan: LoadPlan, options: Namespace
) -> None:
    """Begin when all are ready, and write what was gathered however this ends."""
    exposition = _exposition(conductor, plan, options)

    def hear(kind: str) -> None:
        def listener(msg: Any, **_: Any) -> None:  # noqa: ANN401  # Locust's signature
            conductor.hear(kind, msg.node_id, msg.data)

        if environment.runner is not None:
            environment.runner.register_message(kind, listener)

    def show(gathered: Gathered) -> None:
        _show(gathered, plan, options)

    for kind in (READY, PROGRESS, MEASURED):
        hear(kind)

    @environment.events.test_start.add_listener
    def start(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        gevent.spawn(conductor.conduct, show, exposition.wait_for_scrape)

    @environment.events.quitting.add_listener
    def quitting(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        environment.process_exit_code = 0

    # The very last, when workers have had time to report what they have.
    @environment.events.quit.add_listener
    def finish(**_: Any) -> None:  # noqa: ANN401  # Locust's signature
        _write(conductor.gathered, Path(options.result))


def _exposition(conductor: Conductor, plan: LoadPlan, options: Namespace) -> Exposition:
    """Let Prometheus ask how far the load is, when a port is given."""
    operations = tuple(route.operation for route in SCENARIOS[plan.scenario].operations)
    exposition = Exposition(Live(plan, operations, conductor.gathered))
    if options.metrics_port is not None:
        exposition.start(options.metrics_host, options.metrics_port)
    return exposition


def _show(gathered: Gathered, plan: LoadPlan, options: Namespace) -> None:
    if options.progress_fd is None:
        return
    told = gathered.progress.values()
    sent, failed = (sum(document[key] for document in told) for key in ("sent", "failed"))
    if not gathered.begin_at:
        prepared = sum(document["prepared"] for document in told)
        progress = Progress("prepare", prepared, plan.sessions, "sessions", 0, failed)
    else:
        progress = Progress("load", *_clock(gathered, plan), "s", sent, failed)
    send(options.progress_fd, progress)


def _clock(gathered: Gathered, plan: LoadPlan) -> tuple[int, int]:
    done = min(max(0.0, time.time() - gathered.begin_at), plan.seconds)
    return round(done), round(plan.seconds)


def _write(gathered: Gathered, path: Path) -> None:
    """Write everything in one step, so that a half-written result cannot be read."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(asdict(gathered)))
    part.replace(path)
