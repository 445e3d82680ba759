"""Runs on which tools pass by accident, because of what happened or was there to be seen."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from tests.loadtests.accidents import AT_MOST, QUANTILE, UNDECIDED, Accident, query, rule, waiver
from tests.loadtests.gates import RATE, SLO
from tests.loadtests.pretend import LOG_IN, METRICS
from tests.loadtests.processes import children
from tests.loadtests.scraping import wait_for

if TYPE_CHECKING:
    from tests.loadtests.accidents import World
    from tests.loadtests.pretend import Pretended

# Of a load that has to go on for some time after what happens in it.
LONGER = ("--seconds", "8")


def refuse_everybody(server: Pretended) -> None:
    server.statuses[LOG_IN] = 401


def stand_still(server: Pretended) -> None:
    # Longer than people wait for somebody free, and early enough to reach some of them.
    server.stall_after, server.stall_for = 1.0, 12.5


def kill_prometheus(world: World) -> None:
    world.prometheus.kill()


def restart_prometheus(world: World) -> None:
    world.prometheus.kill()
    world.sent(5 * RATE)
    world.prometheus.start()


def restart_the_service(world: World) -> None:
    world.server.restart()


def hide_the_service(world: World) -> None:
    world.server.statuses[METRICS] = 500
    scrapes = world.server.asked[METRICS]
    wait_for(lambda: world.server.asked[METRICS] >= scrapes + 2, "scraped in vain")
    del world.server.statuses[METRICS]


def kill_a_worker(world: World) -> None:
    (master,) = children(world.process.pid)
    os.kill(children(master)[0], signal.SIGKILL)


def stop(world: World) -> None:
    world.process.terminate()


# What lasts longest comes first.
OF_RUNS = (
    Accident(
        "nobody free to send",
        "A closed load asks a service that stands still for less, and calls it fast.",
        UNDECIDED,
        "requests were dropped, nobody was free to send them",
        before=stand_still,
    ),
    Accident(
        "Prometheus restarted",
        "A rate over a gap is a number like any other.",
        UNDECIDED,
        "Targets were scraped without a gap",
        LONGER,
        during=restart_prometheus,
    ),
    Accident(
        "Prometheus died",
        "An error of the server is not a value that is past its limit.",
        UNDECIDED,
        "is not reachable",
        during=kill_prometheus,
    ),
    Accident(
        "service restarted",
        "Counters that fall are bridged, and what was between is lost.",
        UNDECIDED,
        "a process restarted or was lost",
        LONGER,
        during=restart_the_service,
    ),
    Accident(
        "service not to be scraped for a while",
        "A query sees the last sample for five more minutes.",
        UNDECIDED,
        "a target was down for at least one scrape",
        LONGER,
        during=hide_the_service,
    ),
    Accident(
        "worker lost",
        "The others report, and the sum looks like a smaller load that went well.",
        UNDECIDED,
        "1 of 2 generator processes were lost",
        ("--processes", "2"),
        during=kill_a_worker,
    ),
    Accident(
        "stopped early",
        "What was seen so far keeps all rules.",
        UNDECIDED,
        "the run was stopped by SIGTERM",
        during=stop,
    ),
    Accident(
        "nobody let in",
        "No request of the load is sent, so none fails.",
        UNDECIDED,
        "10 of 10 sessions were refused: POST /api/auth/login answered 401",
        before=refuse_everybody,
    ),
    Accident(
        "nothing planned",
        "A plan without an arrival is over at once, and nothing was slow.",
        UNDECIDED,
        "no step that is judged has planned requests",
        ("--rate", "0.01", "--poisson", "1"),
    ),
    Accident(
        "empty series",
        "A query without a result has no value that breaks the rule.",
        UNDECIDED,
        "the query gives no series",
        rules=query('sum(increase(petswipe_cache_requests_total{result="hit"}[{{.window}}]))'),
    ),
    Accident(
        "not a number",
        "NaN is not above any limit.",
        UNDECIDED,
        "undecided: the query gives NaN",
        rules=query(
            'sum(increase(petswipe_swipes_total{direction="pass"}[{{.window}}])) / '
            'sum(increase(petswipe_swipes_total{direction="pass"}[{{.window}}]))'
        ),
    ),
    Accident(
        "no sample of an operation",
        "A threshold on requests that nobody sent is kept.",
        UNDECIDED,
        "undecided: no GET /api/matches was sent",
        rules=rule("kind: errors, operation: GET /api/matches", "at_most: {fail: 1 %}"),
    ),
    Accident(
        "too few samples",
        "A p99 of some requests is the slowest of them, by luck a fast one.",
        UNDECIDED,
        "samples are too few, it takes 1000",
        rules=rule(QUANTILE.replace("0.95", "0.99"), AT_MOST),
    ),
    Accident(
        "another service watched",
        "The metrics of a service that nobody asked anything show no failure.",
        UNDECIDED,
        "swipes were acknowledged, the metric says 0",
        ("--prometheus-url", "{other}"),
    ),
    Accident(
        "every rule waived",
        "A list of rules that do not count leaves nothing to fail.",
        UNDECIDED,
        "every rule is waived: nothing was decided",
        waivers=waiver(1, "few-errors", SLO),
    ),
    Accident(
        "nothing scraped",
        "A Prometheus without a target answers every query, with nothing.",
        UNDECIDED,
        "Prometheus scrapes no worker of the API that is up",
        ("--prometheus-url", "{idle}"),
    ),
)
