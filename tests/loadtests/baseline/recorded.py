"""A baseline that somebody has recorded."""

from __future__ import annotations

from datetime import UTC, datetime

from loadtests.arrivals.schedule import constant
from loadtests.baseline.configuration import configuration
from loadtests.baseline.model import Recorded
from loadtests.plan import LoadPlan
from tests.loadtests.regression.simulated import P95

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
PLAN = LoadPlan("swipe-hot-path", constant(100, 30), 20)
KEY = ("swipe-p95", "run")
RUNNER = {"cpu": "Alpha 3000", "cores": "4", "memory": "16 GiB", "python": "CPython 3.11"}
SETTINGS = {"pool_size": "10"}
RECORDED = Recorded(
    NOW,
    "abc123",
    RUNNER,
    configuration(PLAN, 2, [P95], SETTINGS),
    {KEY: (0.020, 0.021, 0.019, 0.022, 0.020)},
)
