"""Valkey, and what the service gets out of it."""

from __future__ import annotations

from alerts import exporters
from alerts.components.cache import ERRORS, EVICTIONS, HITS, MEMORY, READ_RATE, UP
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import CACHE_REQUESTS, DB_DURATION, DB_SYSTEM, DECK_BUILDS, JOB
from dashboards.charts import chart
from dashboards.model import Board, Query, Row
from dashboards.panels import DOWN_OR_UP, stat, timeseries
from dashboards.queries import part, pick, quantile, rate, share, total
from slo.promql import Matcher

READS = pick(CACHE_REQUESTS)
FOUND = READS.where(Matcher("result", "=", "hit"))
COMMANDS = part(DB_DURATION, "bucket", Matcher(DB_SYSTEM.name, "=", "redis"))

SERVICE = Row(
    "What the service gets",
    (
        stat(UP, width=4, states=DOWN_OR_UP),
        timeseries(
            HITS,
            title="Hits and misses",
            width=10,
            more=(Query(share(FOUND, READS, "cache"), "{{cache}}"),),
            nothing="No reads",
        ),
        timeseries(
            READ_RATE,
            width=10,
            more=(Query(rate(READS, "cache", "result"), "{{cache}} {{result}}"),),
        ),
        timeseries(ERRORS, high=None, width=8, nothing="No reads"),
        chart(
            "cache:commands",
            "Command time",
            "Time of a cache command, the way there and back included.",
            Unit.SECONDS,
            Query(quantile(0.99, COMMANDS, "db_operation_name"), "p99 {{db_operation_name}}"),
            width=8,
        ),
        chart(
            "cache:deck-builds",
            "What a miss costs",
            "Time to draw a deck from PostgreSQL after a miss.",
            Unit.SECONDS,
            Query(quantile(0.5, part(DECK_BUILDS, "bucket")), "p50"),
            Query(quantile(0.95, part(DECK_BUILDS, "bucket")), "p95"),
            width=8,
            nothing="No misses",
        ),
    ),
)
VALKEY = Row(
    "Inside Valkey",
    (
        timeseries(MEMORY, width=8, nothing="No limit set"),
        chart(
            "cache:memory",
            "Memory in use",
            "Memory that Valkey uses, and may use; 0 means that it has no limit.",
            Unit.BYTES,
            Query(total(pick(exporters.REDIS_MEMORY), "instance", how="max"), "{{instance}} used"),
            Query(
                total(pick(exporters.REDIS_MEMORY_MAX), "instance", how="max"),
                "{{instance}} allowed",
            ),
            width=8,
        ),
        timeseries(EVICTIONS, width=8),
        chart(
            "cache:keys",
            "Keys",
            "How many keys each database of Valkey holds that holds any.",
            Unit.COUNT,
            Query(f"{total(pick(exporters.REDIS_KEYS), 'db')} > 0", "{{db}}"),
            width=8,
            nothing="No keys",
        ),
        chart(
            "cache:lookups",
            "Lookups and expiries",
            "Keys that were found, not found, or whose time was over, in each second.",
            Unit.PER_SECOND,
            Query(rate(pick(exporters.REDIS_HITS)), "found"),
            Query(rate(pick(exporters.REDIS_MISSES)), "not found"),
            Query(rate(pick(exporters.REDIS_EXPIRED)), "expired"),
            width=8,
        ),
        chart(
            "cache:clients",
            "Commands and clients",
            "Commands answered in each second, and connections of clients.",
            Unit.PER_SECOND,
            Query(rate(pick(exporters.REDIS_COMMANDS)), "commands"),
            Query(total(pick(exporters.REDIS_CLIENTS)), "clients", unit=Unit.COUNT),
            width=8,
        ),
    ),
)

BOARD = Board(
    Dashboard.CACHE,
    "Cache",
    "Valkey, and what the service gets out of it. Generated from dashboards/boards/cache.py.",
    (JOB, exporters.REDIS),
    (SERVICE, VALKEY),
)
