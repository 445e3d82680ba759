"""The outbox: events that wait for their delivery."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts.levels import Level
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from app.telemetry.catalog import OUTBOX_DEAD, OUTBOX_OLDEST, OUTBOX_WAITING
from slo.promql import Selector

# Every dispatcher shows the same numbers, so the greatest of them is the number.
WAITING = Signal(
    "job:outbox_waiting:max",
    "Events that wait",
    "Events that are written but not delivered yet.",
    Unit.NUMBER,
    Level(Selector(OUTBOX_WAITING, OUTBOX_WAITING.name, ())),
    Dashboard.INFRASTRUCTURE,
)
OLDEST = Signal(
    "job:outbox_oldest_seconds:max",
    "Age of the oldest event",
    "How long the event that has waited longest has waited; 0 while none does.",
    Unit.SECONDS,
    Level(Selector(OUTBOX_OLDEST, OUTBOX_OLDEST.name, ())),
    Dashboard.INFRASTRUCTURE,
)
DEAD = Signal(
    "job:outbox_dead:max",
    "Dead letters",
    "Events that were given up after too many attempts. Somebody must look at each.",
    Unit.NUMBER,
    Level(Selector(OUTBOX_DEAD, OUTBOX_DEAD.name, ())),
    Dashboard.INFRASTRUCTURE,
)
SIGNALS = (WAITING, OLDEST, DEAD)

WATCHES = (
    Watch(
        "QueueDepthHigh",
        WAITING,
        Past.ABOVE,
        Fraction(100),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "More than a hundred events wait for their delivery.",
        "The dispatchers do not keep up with what is written.",
    ),
    Watch(
        "QueueStalled",
        OLDEST,
        Past.ABOVE,
        Fraction(60),
        timedelta(minutes=5),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "Events wait for longer than a minute.",
        "Adopters and shelters do not hear of their matches.",
    ),
    Watch(
        "DeadLetters",
        DEAD,
        Past.ABOVE,
        Fraction(0),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.SYMPTOM,
        "Events were given up undelivered.",
        "Somebody has not heard of something, and will not by itself.",
    ),
)
