"""Who watches the watchers: Prometheus, Alertmanager, and a heartbeat that must not stop."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.counting import Increase
from alerts.levels import Always
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from slo.promql import Selector

FIVE_MINUTES = timedelta(minutes=5)

# Some groups are evaluated every five minutes.
RULE_FAILURES = Signal(
    "job:rule_failures:increase15m",
    "Rules that failed in 15 minutes",
    "Evaluations of rules that ended with an error: their alerts cannot fire.",
    Unit.COUNT,
    Increase(
        Selector(exporters.RULE_FAILURES, exporters.RULE_FAILURES.name, ()), timedelta(minutes=15)
    ),
    Dashboard.TELEMETRY,
)
# Alertmanager counts once an interval of its group: half an hour for tickets.
NOTIFICATION_FAILURES = Signal(
    "job:notification_failures:increase1h",
    "Notifications that failed in an hour",
    "Messages of Alertmanager that a receiver has not taken: somebody was not told.",
    Unit.COUNT,
    Increase(
        Selector(exporters.NOTIFICATIONS_FAILED, exporters.NOTIFICATIONS_FAILED.name, ()),
        timedelta(hours=1),
        ("job", "integration"),
    ),
    Dashboard.TELEMETRY,
)
HEARTBEAT = Signal(
    "monitoring:heartbeat:one",
    "Heartbeat",
    "Always 1 while Prometheus evaluates rules. Its silence is what tells.",
    Unit.NUMBER,
    Always(),
    Dashboard.TELEMETRY,
)
SIGNALS = (RULE_FAILURES, NOTIFICATION_FAILURES, HEARTBEAT)

WATCHES = (
    Watch(
        "RuleEvaluationFailing",
        RULE_FAILURES,
        Past.ABOVE,
        Fraction(0),
        FIVE_MINUTES,
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Prometheus cannot evaluate some of its rules.",
        "Their alerts do not fire, whatever happens.",
    ),
    Watch(
        "NotificationsFailing",
        NOTIFICATION_FAILURES,
        Past.ABOVE,
        Fraction(0),
        FIVE_MINUTES,
        AlertSeverity.WARNING,
        Channel.MAIL,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A receiver does not take what Alertmanager sends.",
        "Somebody was not told of an alert.",
    ),
    Watch(
        "Watchdog",
        HEARTBEAT,
        Past.ABOVE,
        Fraction(0),
        timedelta(),
        AlertSeverity.INFO,
        Channel.HEARTBEAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Prometheus and Alertmanager are alive; this alert always fires.",
        "Whoever receives it must raise an alarm when it stops coming.",
    ),
)
