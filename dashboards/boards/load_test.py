"""What the service shows while it is loaded: rate, latency, errors, and what fills up first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts import exporters
from alerts.components.api import ERROR_RATE, LOOP, REQUESTS_5M
from alerts.components.database import IN_USE
from alerts.components.nodes import CPU
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    DECK_READ,
    ERROR_TYPE,
    HTTP_ACTIVE,
    HTTP_DURATION,
    JOB,
    LOG_IN,
    MATCH_LIST,
    METHOD,
    POOL_PENDING,
    ROUTE,
    SWIPE_CREATE,
)
from dashboards.charts import chart, process_cpu
from dashboards.model import Board, Kind, Panel, Query, Row
from dashboards.panels import timeseries
from dashboards.queries import part, pick, quantile, rate, share, total
from slo.objectives import ANSWERED, FAILED
from slo.promql import Matcher

if TYPE_CHECKING:
    from slo.promql import Selector

# The hot path of the load tests, step by step.
STEPS = (LOG_IN, DECK_READ, SWIPE_CREATE, MATCH_LIST)
ON_THE_PATH = Matcher(ROUTE.name, "=~", "|".join(route.template for route in STEPS))
BY_STEP = (METHOD.name, ROUTE.name)
STEP = "{{http_request_method}} {{http_route}}"
SWIPING = (
    Matcher(METHOD.name, "=", SWIPE_CREATE.method),
    Matcher(ROUTE.name, "=", SWIPE_CREATE.template),
)


def _requests(*matchers: Matcher) -> Selector:
    return part(HTTP_DURATION, "count", *matchers)


def _answers(*matchers: Matcher) -> Selector:
    return part(HTTP_DURATION, "bucket", ANSWERED, *matchers)


RATES = Row(
    "Rate",
    (
        Panel(
            key="load-test:planned",
            title="Planned rate",
            description="Where the planned rate of a load test stands.",
            kind=Kind.TEXT,
            width=6,
            content="The plan of a load test is its scenario's: `python -m loadtests run --help`.\n"
            "\n"
            "The generator tells Prometheus nothing yet. What it planned, and what it achieved of "
            "it, stands in the report of each run; beside this is what reached the service.",
        ),
        chart(
            "load-test:achieved",
            "Achieved rate by step",
            "Requests of each step of the hot path that reached the service in each second. "
            "A generator that plans more than it sends is what the report of its run tells.",
            Unit.REQUESTS_PER_SECOND,
            Query(rate(_requests(ON_THE_PATH), *BY_STEP), STEP),
            width=10,
            stacked=True,
        ),
        timeseries(REQUESTS_5M, width=8),
    ),
)
LATENCY = Row(
    "Latency",
    (
        chart(
            "load-test:latency-by-step",
            "Latency by step",
            "95 % of the requests of each step that did not fail took no longer.",
            Unit.SECONDS,
            Query(quantile(0.95, _answers(ON_THE_PATH), *BY_STEP), f"p95 {STEP}", exemplars=True),
            nothing="No requests",
        ),
        chart(
            "load-test:swipe-latency",
            "Swipe latency",
            "Half, 95 % and 99 % of the swipes that did not fail took no longer.",
            Unit.SECONDS,
            Query(quantile(0.5, _answers(*SWIPING)), "p50"),
            Query(quantile(0.95, _answers(*SWIPING)), "p95"),
            Query(quantile(0.99, _answers(*SWIPING)), "p99", exemplars=True),
            nothing="No swipes",
        ),
    ),
)
ERRORS = Row(
    "Errors",
    (
        timeseries(
            ERROR_RATE,
            key="load-test:error-rate",
            high=None,
            title="Error rate by step",
            more=(
                Query(
                    share(_requests(ON_THE_PATH, FAILED), _requests(ON_THE_PATH), *BY_STEP), STEP
                ),
            ),
            nothing="No requests",
        ),
        chart(
            "load-test:error-types",
            "Errors by type",
            "Requests in each second that failed, by what went wrong.",
            Unit.REQUESTS_PER_SECOND,
            Query(
                rate(_requests(Matcher(ERROR_TYPE.name, "!=", "")), ERROR_TYPE.name),
                "{{error_type}}",
            ),
            nothing="No errors",
        ),
    ),
)
SATURATION = Row(
    "What fills up first",
    (
        chart(
            "load-test:active",
            "Requests in flight",
            "Requests that are being answered now, and those of them that wait for a connection.",
            Unit.COUNT,
            Query(total(pick(HTTP_ACTIVE)), "in flight"),
            Query(total(pick(POOL_PENDING)), "wait for a connection"),
            width=8,
        ),
        timeseries(IN_USE, key="load-test:pool", width=8),
        timeseries(LOOP, key="load-test:loop", width=8),
        process_cpu("load-test:process-cpu"),
        timeseries(
            CPU,
            key="load-test:generator-health",
            title="Generator health: CPU of the nodes",
            description="The share of time that the cores of each node are not idle. A generator "
            "on a busy node measures itself: its run is not valid.",
        ),
    ),
)

BOARD = Board(
    Dashboard.LOAD_TEST,
    "Load test",
    "What the service shows while it is loaded. Generated from dashboards/boards/load_test.py.",
    (JOB, exporters.NODE),
    (RATES, LATENCY, ERRORS, SATURATION),
)
