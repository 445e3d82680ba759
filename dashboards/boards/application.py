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
from alerts.components.database import IN_USE
from alerts.components.nodes import CPU, DISK, MEMORY
from alerts.components.processes import API_TARGETS, DISPATCHER_TARGETS, RESTARTS, SCRAPES
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    BUILD_INFO,
    DISPATCH_JOB,
    HTTP_DURATION,
    JOB,
    METHOD,
    POOL_CONNECTIONS,
    POOL_MAX,
)
from app.telemetry.catalog import ROUTE as ROUTE_LABEL
from dashboards.charts import EACH, process_memory
from dashboards.links import logs, runbook, traces
from dashboards.model import Board, Kind, Panel, Query, Row, of_maximum
from dashboards.panels import (
    DOWN_OR_UP,
    gauge,
    series,
    stat,
    thresholds,
    timeseries,
    watches_of,
)
from dashboards.queries import ROUTE, count, greatest, part, pick, quantile, rate, share, total
from dashboards.statements import OPERATION, STATEMENTS, TIMES
from slo.objectives import ANSWERED, FAILED
from slo.promql import Matcher

REQUESTS = part(HTTP_DURATION, "count", ROUTE, ASKED_BY_PEOPLE)
BUCKETS = part(HTTP_DURATION, "bucket", ROUTE, ASKED_BY_PEOPLE)
ANSWERS = BUCKETS.where(ANSWERED)
# Wanted on the left of a line of three.
THIRD = 8
# A bar needs its height, and there are ten.
TALL = 9

REQUEST_RATES = timeseries(
    REQUEST_RATE,
    width=THIRD,
    legends=("All requests",),
    description=f"{REQUEST_RATE.description} Besides, by method and of the chosen routes only.",
    more=(Query(f"{rate(REQUESTS, METHOD.name)} > 0", "{{http_request_method}}"),),
)
RESPONSE_TIME = timeseries(
    P50,
    P95,
    P99,
    legends=("p50", "p95", "p99"),
    title="Response time p50, p95, p99",
    description="Half, 95 % and 99 % of the requests that did not fail were answered within this "
    "time; log-ins, files and what others answer for us are in the line of the chosen routes "
    "only. Points are single requests, each with its trace.",
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
    description="Connections that hold a statement or a transaction, at most in the last minute, "
    "of those that the pools of all chosen processes may open. Coloured from where "
    "DatabasePoolBusy begins.",
    kind=Kind.GAUGE,
    unit=Unit.COUNT,
    queries=(
        Query(
            greatest(pick(POOL_CONNECTIONS, Matcher("db_client_connection_state", "=", "used"))),
            "In use",
            instant=True,
        ),
        Query(total(pick(POOL_MAX)), "Allowed", instant=True),
    ),
    width=5,
    thresholds=of_maximum(thresholds(watches_of(IN_USE))),
    low=0.0,
    high_by_query=True,
    links=(*(runbook(watch.alert) for watch in watches_of(IN_USE)), logs()),
)
HIT_RATE = gauge(
    HITS, key="application:cache-hit-rate", title="Cache hit rate", width=5, nothing="No reads"
)
PROCESS_MEMORY = process_memory("application:process-memory", width=5, stacked=True)
STATUS = stat(
    API_TARGETS,
    DISPATCHER_TARGETS,
    title="Instance status",
    description="How many processes of the API and how many dispatchers answer Prometheus, and "
    "whether each target does.",
    width=9,
    legends=("API", "Dispatchers"),
    more=(
        Query(
            series(SCRAPES),
            EACH,
            instant=True,
            thresholds=thresholds(watches_of(SCRAPES)),
            states=DOWN_OR_UP,
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
    queries=(Query(count(BUCKETS, "le"), "{{le}}", exemplars=True),),
    height=TALL,
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
    height=TALL,
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
        Query(rate(STATEMENTS, OPERATION), "Rate", instant=True, unit=Unit.PER_SECOND),
        Query(quantile(0.5, TIMES, OPERATION), "p50", instant=True, unit=Unit.SECONDS),
        Query(quantile(0.95, TIMES, OPERATION), "p95", instant=True, unit=Unit.SECONDS),
        Query(quantile(0.99, TIMES, OPERATION), "p99", instant=True, unit=Unit.SECONDS),
        Query(
            share(STATEMENTS.where(Matcher("error_type", "!=", "")), STATEMENTS, OPERATION),
            "Failed",
            instant=True,
            unit=Unit.SHARE,
        ),
    ),
    columns=((OPERATION, "Statement"),),
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
