"""What on-call opens first: twelve panels, from what adopters feel down to what was deployed."""

from __future__ import annotations

from alerts import exporters
from alerts.components.api import (
    ASKED_BY_PEOPLE,
    ERROR_RATE,
    ERRORS_5M,
    P50,
    P95,
    P99,
    REQUEST_RATE,
)
from alerts.components.cache import HITS
from alerts.components.database import IN_USE, POSTGRES
from alerts.components.nodes import CPU, DISK, MEMORY
from alerts.components.processes import API_TARGETS, DISPATCHER_TARGETS, RESTARTS, SCRAPES
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    BUILD_INFO,
    DB_DURATION,
    DB_OPERATION,
    DISPATCH_JOB,
    HTTP_DURATION,
    JOB,
    METHOD,
    POOL_CONNECTIONS,
    POOL_MAX,
)
from app.telemetry.catalog import ROUTE as ROUTE_LABEL
from dashboards.links import logs, runbook, traces
from dashboards.model import Board, Kind, Panel, Query, Row, State, of_maximum
from dashboards.panels import gauge, series, stat, thresholds, timeseries, watches_of
from dashboards.queries import ROUTE, increase, part, pick, quantile, rate, share, total
from slo.objectives import ANSWERED, FAILED
from slo.promql import Matcher

REQUESTS = part(HTTP_DURATION, "count", ROUTE, ASKED_BY_PEOPLE)
BUCKETS = part(HTTP_DURATION, "bucket", ROUTE, ASKED_BY_PEOPLE)
ANSWERS = BUCKETS.where(ANSWERED)
STATEMENTS = part(DB_DURATION, "count", *POSTGRES)
TIMES = part(DB_DURATION, "bucket", *POSTGRES)
BY_OPERATION = DB_OPERATION.name
UP = (State(0, "down", "red"), State(1, "up", "green"))
# Wanted on the left of a line of three.
THIRD = 8

REQUEST_RATES = timeseries(
    REQUEST_RATE,
    width=THIRD,
    legends=("All requests",),
    more=(Query(rate(REQUESTS, METHOD.name), "{{http_request_method}}, chosen routes"),),
)
RESPONSE_TIME = timeseries(
    P50,
    P95,
    P99,
    legends=("p50", "p95", "p99"),
    title="Response time p50, p95, p99",
    description="Half, 95 % and 99 % of the requests that did not fail were answered within this "
    "time. Points are single requests, each with its trace.",
    width=THIRD,
    more=(Query(quantile(0.99, ANSWERS), "p99, chosen routes", exemplars=True),),
)
ERRORS = timeseries(
    ERROR_RATE,
    ERRORS_5M,
    width=THIRD,
    legends=("Error rate", "Errors in 5 minutes"),
    high=None,
    more=(Query(share(REQUESTS.where(FAILED), REQUESTS), "Error rate, chosen routes"),),
    nothing="No requests",
)
CONNECTIONS = Panel(
    key="application:db-connections",
    title="Active database connections",
    description="Connections that hold a statement or a transaction, of those that the pools of "
    "all chosen processes may open. Coloured from where DatabasePoolBusy begins.",
    kind=Kind.GAUGE,
    unit=Unit.NUMBER,
    queries=(
        Query(
            total(pick(POOL_CONNECTIONS, Matcher("db_client_connection_state", "=", "used"))),
            "In use",
            instant=True,
        ),
        Query(total(pick(POOL_MAX)), "Allowed", instant=True),
    ),
    width=6,
    thresholds=of_maximum(thresholds(watches_of(IN_USE))),
    low=0.0,
    high_by_query=True,
    links=(*(runbook(watch.alert) for watch in watches_of(IN_USE)), logs()),
)
HIT_RATE = gauge(
    HITS, key="application:cache-hit-rate", title="Cache hit rate", width=6, nothing="No reads"
)
PROCESS_MEMORY = Panel(
    key="application:process-memory",
    title="Process memory",
    description="Memory that each process keeps in RAM, one on top of the other.",
    kind=Kind.TIME_SERIES,
    unit=Unit.BYTES,
    queries=(
        Query(
            total(pick(exporters.PROCESS_MEMORY), "job", "instance", how="max"),
            "{{job}} {{instance}}",
        ),
    ),
    width=6,
    low=0.0,
    stacked=True,
)
STATUS = stat(
    API_TARGETS,
    DISPATCHER_TARGETS,
    title="Instance status",
    description="How many processes of the API and how many dispatchers answer Prometheus, and "
    "whether each target does.",
    width=6,
    legends=("API", "Dispatchers"),
    more=(
        Query(
            series(SCRAPES),
            "{{instance}}",
            instant=True,
            thresholds=thresholds(watches_of(SCRAPES)),
            states=UP,
        ),
    ),
)
DURATIONS = Panel(
    key="application:request-durations",
    title="Request durations",
    description="How many requests took how long: a second band above the first is a group of "
    "requests that waits for something. Points are single requests, each with its trace.",
    kind=Kind.HEATMAP,
    unit=Unit.SECONDS,
    queries=(Query(increase(BUCKETS, "le"), "{{le}}", exemplars=True),),
    nothing="No requests",
    links=(logs(), traces()),
)
ENDPOINTS = Panel(
    key="application:top-endpoints",
    title="Top 10 endpoints",
    description="The ten operations with most requests now.",
    kind=Kind.BAR_GAUGE,
    unit=Unit.REQUESTS_PER_SECOND,
    queries=(
        Query(
            f"topk(10, {rate(REQUESTS, METHOD.name, ROUTE_LABEL.name)})",
            "{{http_request_method}} {{http_route}}",
            instant=True,
        ),
    ),
    low=0.0,
    nothing="No requests",
)
STATEMENT_TABLE = Panel(
    key="application:statements",
    title="Database query performance",
    description="Statements to PostgreSQL by kind: how many, how long half and nearly all of them "
    "took, and which share failed.",
    kind=Kind.TABLE,
    unit=Unit.NUMBER,
    queries=(
        Query(rate(STATEMENTS, BY_OPERATION), "Rate", instant=True, unit=Unit.PER_SECOND),
        Query(quantile(0.5, TIMES, BY_OPERATION), "p50", instant=True, unit=Unit.SECONDS),
        Query(quantile(0.95, TIMES, BY_OPERATION), "p95", instant=True, unit=Unit.SECONDS),
        Query(quantile(0.99, TIMES, BY_OPERATION), "p99", instant=True, unit=Unit.SECONDS),
        Query(
            share(STATEMENTS.where(Matcher("error_type", "!=", "")), STATEMENTS, BY_OPERATION),
            "Failed",
            instant=True,
            unit=Unit.SHARE,
        ),
    ),
    columns=((BY_OPERATION, "Statement"),),
    nothing="No statements",
)
NODES = timeseries(
    CPU,
    MEMORY,
    DISK,
    key="application:nodes",
    legends=("CPU {{instance}}", "Memory {{instance}}", "Disk {{instance}} {{mountpoint}}"),
    title="Node resources",
    description="The share of CPU, memory and disk of each node that is taken.",
)
DEPLOYMENTS = timeseries(
    RESTARTS,
    legends=("{{instance}} restarts",),
    title="Deployment events",
    description="Which version each job runs, and how often processes began anew in 15 minutes. "
    "A purple line marks a version that was not there before.",
    width=24,
    more=(
        Query(
            f"count by (job, version, revision) ({pick(BUILD_INFO)})",
            "{{job}} {{version}} {{revision}}",
        ),
    ),
)

BOARD = Board(
    Dashboard.APPLICATION,
    "Application",
    "Whether the API serves adopters, and what it runs on. "
    "Generated from dashboards/boards/application.py.",
    (JOB, DISPATCH_JOB, *exporters.EXPORTERS),
    (
        Row(
            "",
            (
                REQUEST_RATES,
                RESPONSE_TIME,
                ERRORS,
                CONNECTIONS,
                HIT_RATE,
                PROCESS_MEMORY,
                STATUS,
                DURATIONS,
                ENDPOINTS,
                STATEMENT_TABLE,
                NODES,
                DEPLOYMENTS,
            ),
        ),
    ),
)
