"""Whether what the other dashboards show can be believed."""

from __future__ import annotations

from alerts import exporters
from alerts.components.monitoring import HEARTBEAT, NOTIFICATION_FAILURES, RULE_FAILURES
from alerts.components.processes import (
    EXPORTERS_MISSING,
    LABELS_LOST,
    LINES_LOST,
    SCRAPES,
    SPANS_LOST,
)
from alerts.prometheus_config import JOBS, SCRAPE_TIMEOUT
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    LOG_LINES,
    SPANS_DROPPED,
    SPANS_EXPORTED,
    SPANS_QUEUED,
    SPANS_STARTED,
)
from dashboards.charts import EACH, chart
from dashboards.links import logs
from dashboards.model import Board, Kind, Panel, Query, Row, Source, State
from dashboards.panels import DOWN_OR_UP, stat, state_timeline, timeseries
from dashboards.queries import pick, rate, total

# A line for each target, and there are as many as there are jobs at least.
TALL = 11

SCRAPING = Row(
    "Metrics",
    (
        chart(
            "telemetry:series",
            "Series",
            "Series that Prometheus keeps in memory, and samples that each scrape brings.",
            Unit.COUNT,
            Query(total(pick(exporters.HEAD_SERIES), "instance", how="max"), "in memory"),
            Query(
                total(pick(exporters.SCRAPE_SAMPLES), "job", "instance", how="max"),
                EACH,
            ),
        ),
        chart(
            "telemetry:scrape-time",
            "Scrape time",
            f"How long each scrape took. Past {SCRAPE_TIMEOUT} it is given up.",
            Unit.SECONDS,
            Query(
                total(pick(exporters.SCRAPE_DURATION), "job", "instance", how="max"),
                EACH,
            ),
        ),
        state_timeline(SCRAPES, states=DOWN_OR_UP, low=None, height=TALL, legends=(EACH,)),
        timeseries(EXPORTERS_MISSING, width=6, height=TALL, nothing="Every exporter has a target"),
        chart(
            "telemetry:samples",
            "Samples stored",
            "Samples that Prometheus stores in each second.",
            Unit.PER_SECOND,
            Query(rate(pick(exporters.SAMPLES), "instance"), "{{instance}}"),
            width=6,
            height=TALL,
        ),
    ),
)
TRACES = Row(
    "Traces",
    (
        timeseries(SPANS_LOST, title="Spans dropped", high=None, width=8, nothing="No spans"),
        chart(
            "telemetry:spans",
            "Spans",
            "Spans in each second: begun, taken by the collector, and waiting for it.",
            Unit.PER_SECOND,
            Query(rate(pick(SPANS_STARTED)), "begun"),
            Query(rate(pick(SPANS_EXPORTED)), "exported"),
            Query(total(pick(SPANS_QUEUED)), "waiting", unit=Unit.COUNT),
            width=8,
        ),
        chart(
            "telemetry:spans-dropped",
            "Spans dropped, by reason",
            "Spans in each second that were not exported; unsampled ones are left out on purpose.",
            Unit.PER_SECOND,
            Query(rate(pick(SPANS_DROPPED), "reason"), "{{reason}}"),
            width=8,
        ),
    ),
)
LOGS = Row(
    "Logs",
    (
        timeseries(LINES_LOST, title="Log lines dropped", high=None, width=8, nothing="No lines"),
        chart(
            "telemetry:log-lines",
            "Log lines",
            "Log lines in each second, written or dropped, exported or not.",
            Unit.PER_SECOND,
            Query(rate(pick(LOG_LINES), "outcome"), "{{outcome}}"),
            width=8,
        ),
        timeseries(LABELS_LOST, width=8),
        Panel(
            key="telemetry:errors-in-logs",
            title="Errors in the logs",
            description="Log lines of level error of the chosen jobs, the newest first.",
            kind=Kind.LOGS,
            queries=(
                Query(
                    '{service_name=~"$job"} | json | level=~"(?i)error|critical"',
                    "",
                    source=Source.LOKI,
                ),
            ),
            width=24,
            links=(logs(),),
        ),
    ),
)
WATCHERS = Row(
    "Prometheus and Alertmanager",
    (
        stat(HEARTBEAT, width=4, states=(State(1, "beats", "green"),), nothing="silent"),
        timeseries(RULE_FAILURES, width=10),
        timeseries(NOTIFICATION_FAILURES, width=10),
        Panel(
            key="telemetry:alerts",
            title="Alerts",
            description="What is pending and what fires, as Prometheus says.",
            kind=Kind.ALERT_LIST,
            width=24,
            content='{severity=~".+"}',
        ),
    ),
)

BOARD = Board(
    Dashboard.TELEMETRY,
    "Telemetry",
    "Whether what the other dashboards show can be believed. "
    "Generated from dashboards/boards/telemetry.py.",
    (*JOBS, exporters.BLACKBOX),
    (SCRAPING, TRACES, LOGS, WATCHERS),
)
