"""What it costs, for whom, and what is paid for in vain."""

from __future__ import annotations

from alerts import exporters
from alerts.components.api import REQUEST_RATE
from alerts.components.costs import (
    BUDGET,
    COST,
    COST_OF_ALL,
    CPU_WEEK,
    MEMORY_WEEK,
    MONTH_SPENT,
    REQUESTS_30D,
)
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import ACTIVE_SESSIONS, DISPATCH_JOB, JOB
from dashboards.charts import chart
from dashboards.model import Board, Query, Row
from dashboards.panels import gauge, series, table, timeseries
from dashboards.queries import pick, total

AN_HOUR = f"3600 * sum ({series(REQUEST_RATE)})"
SESSIONS = total(pick(ACTIVE_SESSIONS), how="max")

BILL = Row(
    "Bill",
    (
        gauge(
            MONTH_SPENT,
            key="cost:month-gauge",
            title="Against budget",
            description="What the last 30 days have cost, by the budget of a month: "
            f"{float(BUDGET):g} US dollars.",
            width=6,
            high=1.2,
        ),
        timeseries(MONTH_SPENT, width=9, high=None),
        timeseries(COST_OF_ALL, width=9),
        timeseries(COST, width=8, stacked=True),
        chart(
            "cost:per-request",
            "Cost per thousand requests",
            "What all targets together cost in an hour, by the thousands of requests that they "
            "answer in it. It rises when few come.",
            Unit.DOLLARS,
            Query(f"1000 * sum ({COST_OF_ALL.record}) / ({AN_HOUR} > 0)", "a thousand requests"),
            width=8,
            nothing="No requests",
        ),
        chart(
            "cost:per-user",
            "Cost per user",
            "What all targets together cost in an hour, by the sessions in use.",
            Unit.DOLLARS,
            Query(f"sum ({COST_OF_ALL.record}) / ({SESSIONS} > 0)", "an hour of a session"),
            width=8,
            nothing="No sessions",
        ),
    ),
)
IN_VAIN = Row(
    "Paid for in vain",
    (
        timeseries(CPU_WEEK, width=8),
        timeseries(MEMORY_WEEK, width=8),
        timeseries(REQUESTS_30D, width=8),
        table(
            "instance",
            CPU_WEEK,
            MEMORY_WEEK,
            key="cost:rightsizing",
            title="What each node needed in a week",
            description="A node whose cores or memory are hardly used could be a smaller one.",
            width=24,
        ),
    ),
)

BOARD = Board(
    Dashboard.COST,
    "Cost",
    "What the service costs at the prices of alerts/components/costs.py. "
    "Generated from dashboards/boards/cost.py.",
    (JOB, DISPATCH_JOB, *exporters.EXPORTERS),
    (BILL, IN_VAIN),
)
