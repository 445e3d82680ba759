"""How long a scrape takes by how many series there are: the service's own, as its routes are used.

A route and status have series once they were answered; a refusal makes as many as a success.
"""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from app.telemetry.catalog import ROUTES
from loadtests.bench.servers import serving
from loadtests.bench.trend import Trend
from loadtests.errors import InvalidRun
from slo.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from loadtests.bench.machine import Cores
    from loadtests.bench.servers import Variant

SCRAPES = 25
STEPS = 4
TIMEOUT_SECONDS = 10.0
OK = 200
MILLISECONDS = 1000
NOBODY = "00000000-0000-4000-8000-000000000000"


def scrape_by_series(
    variant: Variant, environment: Mapping[str, str], cores: Cores, logs: Path
) -> Trend:
    """Scrape a server again and again while more and more of its routes are asked for.

    Raises InvalidRun when a scrape does not answer, or series do not become more.
    """
    with serving([variant], environment, cores, logs) as [server], _clients(server.port) as clients:
        api, management = clients
        points = [_scrape(management)]
        for step in range(STEPS):
            for route in ROUTES[step::STEPS]:
                api.request(route.method, re.sub(r"{\w+}", NOBODY, route.template))
            points.append(_scrape(management))
    if points[0][0] == points[-1][0]:
        raise InvalidRun("a server that was asked for all of its routes has no series more of it")
    return Trend("A scrape", "ms", "series", points, tenfolds=False)


@contextmanager
def _clients(port: int) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Connect to a server, and to its management port, which is the next one."""
    with (
        httpx.Client(
            base_url=f"http://{HOST}:{port}", timeout=TIMEOUT_SECONDS, trust_env=False
        ) as api,
        httpx.Client(
            base_url=f"http://{HOST}:{port + 1}", timeout=TIMEOUT_SECONDS, trust_env=False
        ) as management,
    ):
        yield api, management


def _scrape(management: httpx.Client) -> tuple[int, Sequence[float]]:
    """Return how many series there are, and the milliseconds of some scrapes."""
    taken, series = [], 0
    for _ in range(SCRAPES):
        began = time.perf_counter()
        answer = management.get("/metrics")
        taken.append((time.perf_counter() - began) * MILLISECONDS)
        if answer.status_code != OK:
            raise InvalidRun(f"a scrape was answered by {answer.status_code}")
        series = sum(line[:1] not in {"", "#"} for line in answer.text.splitlines())
    return series, taken
