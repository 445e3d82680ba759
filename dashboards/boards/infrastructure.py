"""The machines, the processes on them, the queue between them, and the services of others."""

from __future__ import annotations

from alerts import exporters
from alerts.components.api import LOOP, LOOP_BEATS
from alerts.components.nodes import CERTIFICATE, CPU, DISK, MEMORY, PROBES
from alerts.components.queue import DEAD, OLDEST, WAITING
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    DELIVERED,
    DELIVERY_OUTCOME,
    DISPATCH_JOB,
    JOB,
    NOTIFICATION_DELIVERY,
    NOTIFICATIONS,
    REMOTE_DURATION,
    STORAGE_DURATION,
)
from dashboards.charts import chart, process_cpu, process_files, process_memory
from dashboards.model import Board, Query, Row
from dashboards.panels import table, timeseries
from dashboards.queries import part, pick, quantile, rate
from slo.promql import Matcher

DELIVERIES = part(NOTIFICATION_DELIVERY, "bucket", Matcher(DELIVERY_OUTCOME.name, "=", DELIVERED))
NODES = Row(
    "Nodes",
    (
        table(
            "instance",
            CPU,
            MEMORY,
            DISK,
            key="infrastructure:instances",
            title="Instances",
            description="What each instance uses now, of its fullest filesystem.",
            width=24,
            height=6,
        ),
        timeseries(CPU, width=8),
        timeseries(MEMORY, width=8),
        timeseries(DISK, width=8),
        chart(
            "infrastructure:network",
            "Network I/O",
            "Bytes that each network device received and sent in each second.",
            Unit.BYTES_PER_SECOND,
            Query(
                rate(pick(exporters.NETWORK_IN), "instance", "device"), "{{instance}} {{device}} in"
            ),
            Query(
                rate(pick(exporters.NETWORK_OUT), "instance", "device"),
                "{{instance}} {{device}} out",
            ),
            width=8,
        ),
        chart(
            "infrastructure:disk-io",
            "Disk I/O",
            "Bytes that were read from and written to each disk in each second.",
            Unit.BYTES_PER_SECOND,
            Query(
                rate(pick(exporters.DISK_READ), "instance", "device"),
                "{{instance}} {{device}} read",
            ),
            Query(
                rate(pick(exporters.DISK_WRITTEN), "instance", "device"),
                "{{instance}} {{device}} written",
            ),
            width=8,
        ),
        chart(
            "infrastructure:disk-busy",
            "Disk busy",
            "The share of time in which a disk had something to do. At 100 % requests queue up.",
            Unit.SHARE,
            Query(rate(pick(exporters.DISK_BUSY), "instance", "device"), "{{instance}} {{device}}"),
            width=8,
        ),
    ),
)
PROCESSES = Row(
    "Processes",
    (
        timeseries(LOOP),
        timeseries(LOOP_BEATS),
        process_cpu("infrastructure:process-cpu", width=8),
        process_memory("infrastructure:process-memory", width=8),
        process_files("infrastructure:process-files", width=8),
    ),
)
QUEUE = Row(
    "Queue",
    (
        timeseries(WAITING, width=8),
        timeseries(OLDEST, width=8),
        timeseries(DEAD, width=8),
        chart(
            "infrastructure:deliveries",
            "Deliveries",
            "Attempts to deliver an event, by channel and by what became of them.",
            Unit.PER_SECOND,
            Query(rate(pick(NOTIFICATIONS), "channel", "outcome"), "{{channel}} {{outcome}}"),
        ),
        chart(
            "infrastructure:delivery-time",
            "Delivery time",
            "Time from the writing of an event to its delivery through every channel, by topic.",
            Unit.SECONDS,
            Query(quantile(0.99, DELIVERIES, "topic"), "p99 {{topic}}"),
            nothing="No deliveries",
        ),
    ),
)
OTHERS = Row(
    "Services that we call",
    (
        chart(
            "infrastructure:storage",
            "Object storage",
            "Time of requests to the object storage, retries included, by operation and outcome.",
            Unit.SECONDS,
            Query(
                quantile(0.95, part(STORAGE_DURATION, "bucket"), "operation", "outcome"),
                "p95 {{operation}} {{outcome}}",
            ),
            width=6,
            nothing="No requests",
        ),
        chart(
            "infrastructure:remote",
            "Services of others",
            "Time of requests to Gemini and Yelp, by service and outcome.",
            Unit.SECONDS,
            Query(
                quantile(0.95, part(REMOTE_DURATION, "bucket"), "service", "outcome"),
                "p95 {{service}} {{outcome}}",
            ),
            width=6,
            nothing="No requests",
        ),
        timeseries(CERTIFICATE, width=6),
        timeseries(PROBES, width=6),
    ),
)

BOARD = Board(
    Dashboard.INFRASTRUCTURE,
    "Infrastructure",
    "What the service runs on: nodes, processes, the queue, services of others. "
    "Generated from dashboards/boards/infrastructure.py.",
    (JOB, DISPATCH_JOB, exporters.NODE, exporters.BLACKBOX),
    (NODES, PROCESSES, QUEUE, OTHERS),
)
