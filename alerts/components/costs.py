"""What it costs, against what it may cost, and what is paid for in vain.

Prices are those of a small AWS deployment; edit them, and `make build`.
"""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.components.api import REQUEST_RATE
from alerts.components.nodes import CPU, MEMORY
from alerts.derived import Average, Total
from alerts.levels import Spent
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from app.telemetry.catalog import DISPATCH_JOB, JOB
from slo.promql import Selector

WEEK, MONTH = timedelta(days=7), timedelta(days=30)
# US dollars an hour for each target that runs; a worker of the API is one.
PRICES = {
    JOB: Fraction("0.0493"),  # 1 vCPU and 2 GB of Fargate
    DISPATCH_JOB: Fraction("0.0247"),  # half of that
    exporters.POSTGRES: Fraction("0.29"),  # db.m6g.large in two zones
    exporters.REDIS: Fraction("0.068"),  # cache.t4g.medium
}
# US dollars for 30 days: three workers, one dispatcher, database, cache, and a third more.
BUDGET = Fraction(500)

RUNNING = Spent(Selector(exporters.UP, "up", ()), PRICES, "job")
COST = Signal(
    "job:cost:dollars_per_hour",
    "Cost by service",
    "What the targets that answer cost in an hour, at the prices of alerts/components/costs.py.",
    Unit.DOLLARS,
    RUNNING,
    Dashboard.COST,
)
COST_OF_ALL = Signal(
    "service:cost:dollars_per_hour",
    "Cost of the service",
    "What all targets together cost in an hour.",
    Unit.DOLLARS,
    Spent(Selector(exporters.UP, "up", ()), PRICES, "service"),
    Dashboard.COST,
)
MONTH_SPENT = Signal(
    "service:cost_month:ratio_of_budget",
    "Cost of 30 days by the budget",
    "What the last 30 days have cost, by the budget of a month.",
    Unit.SHARE,
    Total(COST_OF_ALL.record, COST_OF_ALL.of, MONTH, 1 / BUDGET),
    Dashboard.COST,
)
CPU_WEEK = Signal(
    "instance:cpu_used:avg7d",
    "CPU of a week",
    "The mean share of time that the cores of a node were not idle in seven days.",
    Unit.SHARE,
    Average(CPU.record, CPU.of, WEEK, whole=True),
    Dashboard.COST,
)
MEMORY_WEEK = Signal(
    "instance:memory_used:avg7d",
    "Memory of a week",
    "The mean share of a node's memory that was taken in seven days.",
    Unit.SHARE,
    Average(MEMORY.record, MEMORY.of, WEEK, whole=True),
    Dashboard.COST,
)
REQUESTS_30D = Signal(
    "job:http_requests:increase30d",
    "Requests in 30 days",
    "How many requests the API had in 30 days: none means that nobody needs it.",
    Unit.COUNT,
    Average(
        REQUEST_RATE.record, REQUEST_RATE.of, MONTH, Fraction(MONTH.total_seconds()), whole=True
    ),
    Dashboard.COST,
)
SIGNALS = (COST, COST_OF_ALL, MONTH_SPENT, CPU_WEEK, MEMORY_WEEK, REQUESTS_30D)

WATCHES = (
    Watch(
        "BudgetNearlySpent",
        MONTH_SPENT,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(hours=1),
        AlertSeverity.WARNING,
        Channel.MAIL,
        Team.FINANCE,
        AlertType.CAUSE,
        "Four fifths of the monthly budget are spent.",
        "At this rate the rest will not last.",
    ),
    Watch(
        "BudgetSpent",
        MONTH_SPENT,
        Past.ABOVE,
        Fraction(1),
        timedelta(hours=1),
        AlertSeverity.WARNING,
        Channel.MAIL,
        Team.FINANCE,
        AlertType.CAUSE,
        "The monthly budget is spent.",
        "The last 30 days have cost more than a month may.",
    ),
    Watch(
        "InstanceIdle",
        CPU_WEEK,
        Past.BELOW,
        Fraction("0.1"),
        timedelta(hours=1),
        AlertSeverity.INFO,
        Channel.MAIL,
        Team.FINANCE,
        AlertType.CAUSE,
        "A node has idled for a week.",
        "A smaller one, or none, would do.",
    ),
    Watch(
        "MemoryOverprovisioned",
        MEMORY_WEEK,
        Past.BELOW,
        Fraction("0.3"),
        timedelta(hours=1),
        AlertSeverity.INFO,
        Channel.MAIL,
        Team.FINANCE,
        AlertType.CAUSE,
        "A node has used little of its memory for a week.",
        "One with less memory would do.",
    ),
    Watch(
        "ServiceUnused",
        REQUESTS_30D,
        Past.BELOW,
        Fraction(1),
        timedelta(hours=1),
        AlertSeverity.INFO,
        Channel.MAIL,
        Team.FINANCE,
        AlertType.CAUSE,
        "Nobody has used the service for a month.",
        "It costs money and serves no one.",
    ),
)
