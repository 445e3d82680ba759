"""Swipes on their way into PostgreSQL: they wait for the next batch, and not without end."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts.counting import Increase
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from app.telemetry.catalog import COMMIT_SHED
from slo.promql import Selector

FIVE_MINUTES = timedelta(minutes=5)

SHED = Signal(
    "job:swipes_shed:increase5m",
    "Swipes refused in 5 minutes",
    "Swipes that were answered 503 at once, because too many were waiting for a batch already.",
    Unit.COUNT,
    Increase(Selector(COMMIT_SHED, COMMIT_SHED.name, ()), FIVE_MINUTES),
    Dashboard.DATABASE,
)
SIGNALS = (SHED,)

WATCHES = (
    Watch(
        "SwipesShed",
        SHED,
        Past.ABOVE,
        Fraction(0),
        FIVE_MINUTES,
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "Swipes are refused, because more come than can be stored.",
        "Their senders have to try again; either PostgreSQL or a process is at its limit.",
    ),
)
