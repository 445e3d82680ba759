"""A load test while it runs: planned and achieved rate, latency, errors, what fills up first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts import exporters, load_generator
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
from dashboards import generator_charts
from dashboards.charts import chart, process_cpu
from dashboards.model import Board, Kind, Panel, Query, Row
from dashboards.panels import timeseries
from dashboards.queries import part, pick, quantile, rate, share, total
from slo.objectives import ANSWERED, FAILED
from slo.promql import Matcher

if TYPE_CHECKING:
    from slo.promql import Selector

# The hot path of the load tests.
PATH = (LOG_IN, DECK_READ, SWIPE_CREATE, MATCH_LIST)
ON_THE_PATH = Matcher(ROUTE.name, "=~", "|".join(route.template for route in PATH))
BY_OPERATION = (METHOD.name, ROUTE.name)
OPERATION = "{{http_request_method}} {{http_route}}"
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
            key="load-test:verdict",
            title="The verdict",
            description="Where the verdict on a load test stands.",
            kind=Kind.TEXT,
            width=6,
            content="This is what a load test does and meets while it runs. Whether it allows a "
            "release stands in its report: `python -m loadtests --help`.",
        ),
        generator_charts.PLANNED,
        generator_charts.PLANNED_BY_STEP,
        chart(
            "load-test:achieved",
            "Rate at the service by operation",
            "Requests of each operation of the hot path that reached the service in each second.",
            Unit.REQUESTS_PER_SECOND,
            Query(rate(_requests(ON_THE_PATH), *BY_OPERATION), OPERATION),
            stacked=True,
        ),
        timeseries(REQUESTS_5M),
    ),
)
LATENCY = Row(
    "Latency",
    (
        generator_charts.LATENCY_BY_STEP,
        generator_charts.LATENCY_BY_OPERATION,
        chart(
            "load-test:latency-by-step",
            "Latency at the service by operation",
            "95 % of the requests of each operation of the hot path that did not fail took no "
            "longer.",
            Unit.SECONDS,
            Query(
                quantile(0.95, _answers(ON_THE_PATH), *BY_OPERATION),
                f"p95 {OPERATION}",
                exemplars=True,
            ),
            nothing="No requests",
        ),
        chart(
            "load-test:swipe-latency",
            "Swipe latency at the service",
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
        generator_charts.FAILED_BY_STEP,
        timeseries(
            ERROR_RATE,
            key="load-test:error-rate",
            width=8,
            high=None,
            title="Error rate at the service by operation",
            more=(
                Query(
                    share(_requests(ON_THE_PATH, FAILED), _requests(ON_THE_PATH), *BY_OPERATION),
                    OPERATION,
                ),
            ),
            nothing="No requests",
        ),
        chart(
            "load-test:error-types",
            "Errors at the service by type",
            "Requests in each second that failed, by what went wrong.",
            Unit.REQUESTS_PER_SECOND,
            Query(
                rate(_requests(Matcher(ERROR_TYPE.name, "!=", "")), ERROR_TYPE.name),
                "{{error_type}}",
            ),
            width=8,
            nothing="No errors",
        ),
    ),
)
GENERATOR = Row(
    "Generator",
    (
        generator_charts.LAG,
        generator_charts.CPU,
        generator_charts.SESSIONS,
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
            title="CPU of the nodes",
            description="The share of time that the cores of each node are not idle. A generator "
            "on a busy node measures itself: its run is not valid.",
        ),
    ),
)

BOARD = Board(
    Dashboard.LOAD_TEST,
    "Load test",
    "A load test while it runs: what is planned, sent and answered, and what the service shows. "
    "Generated from dashboards/boards/load_test.py.",
    (JOB, exporters.NODE, load_generator.LOAD),
    (RATES, LATENCY, ERRORS, GENERATOR, SATURATION),
)
