"""Whether the processes are there, stay up, and tell about themselves."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.counting import Changes, Increase, Ratio
from alerts.levels import Alive, Level, Missing
from alerts.load_generator import LOAD
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from app.telemetry.catalog import (
    DISPATCH_JOB,
    JOB,
    LOG_LINES,
    OVERFLOWS,
    SPAN_DROPS,
    SPANS_DROPPED,
    SPANS_STARTED,
    UNDECLARED,
)
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
OURS = (Matcher("job", "=~", f"{JOB}|{DISPATCH_JOB}"),)
UP = Selector(exporters.UP, "up", ())
# No load is sent most of the time, and nobody is to be told of that.
ALWAYS = Matcher("job", "!=", LOAD)
LOST = "|".join(reason for reason in SPAN_DROPS if reason != "unsampled")
LINES = Selector(LOG_LINES, LOG_LINES.name, ())


def _of(job: str) -> Selector:
    return UP.where(Matcher("job", "=", job))


API_TARGETS = Signal(
    "job:api_targets:up",
    "API processes that answer Prometheus",
    "Workers of the API whose last scrape succeeded; 0 when there is none to ask.",
    Unit.NUMBER,
    Alive(_of(JOB), JOB),
    Dashboard.APPLICATION,
    shown_in="application:instance-status",
)
DISPATCHER_TARGETS = Signal(
    "job:dispatcher_targets:up",
    "Dispatchers that answer Prometheus",
    "Dispatchers whose last scrape succeeded; 0 when there is none to ask.",
    Unit.NUMBER,
    Alive(_of(DISPATCH_JOB), DISPATCH_JOB),
    Dashboard.APPLICATION,
    shown_in="application:instance-status",
)
SCRAPES = Signal(
    "instance:scrape:up",
    "Targets that answer Prometheus",
    "1 while the last scrape of a target succeeded, 0 while it does not; but for load generators.",
    Unit.NUMBER,
    Level(UP.where(ALWAYS), ("job", "instance"), "min"),
    Dashboard.TELEMETRY,
)
EXPORTERS_MISSING = Signal(
    "job:exporter_targets:absent",
    "Exporters without a target",
    "1 for an exporter that Prometheus has no target of: what it watches is not watched.",
    Unit.NUMBER,
    Missing(tuple(_of(job) for job in exporters.EXPORTERS)),
    Dashboard.TELEMETRY,
)
RESTARTS = Signal(
    "instance:process_restarts:changes15m",
    "Restarts in 15 minutes",
    "How often the process behind a target has begun anew.",
    Unit.NUMBER,
    Changes(
        Selector(exporters.PROCESS_START, "process_start_time_seconds", OURS),
        timedelta(minutes=15),
    ),
    Dashboard.APPLICATION,
    shown_in="application:deployments",
)
SPANS_LOST = Signal(
    "job:telemetry_spans_dropped:ratio_rate5m",
    "Spans lost",
    "The share of recorded spans that were lost on their way to the collector, by no one's choice.",
    Unit.SHARE,
    Ratio(
        Selector(SPANS_DROPPED, SPANS_DROPPED.name, (Matcher("reason", "=~", LOST),)),
        Selector(SPANS_STARTED, SPANS_STARTED.name, ()),
        FIVE_MINUTES,
    ),
    Dashboard.TELEMETRY,
)
LINES_LOST = Signal(
    "job:telemetry_log_lines_dropped:ratio_rate5m",
    "Log lines lost",
    "The share of log lines that nobody will read: a disk, a reader or a collector was too slow.",
    Unit.SHARE,
    # A line that a collector has or has not is counted a second time.
    Ratio(
        LINES.where(Matcher("outcome", "=~", "dropped|export_dropped")),
        LINES.where(Matcher("outcome", "=~", "written|dropped")),
        FIVE_MINUTES,
    ),
    Dashboard.TELEMETRY,
)
LABELS_LOST = Signal(
    "job:telemetry_label_overflows:increase1h",
    "Label values replaced in an hour",
    "Measurements whose label had a value outside its closed set, shown as _overflow.",
    Unit.COUNT,
    Increase(
        Selector(OVERFLOWS, OVERFLOWS.name, (Matcher("reason", "=", UNDECLARED),)),
        timedelta(hours=1),
    ),
    Dashboard.TELEMETRY,
)
SIGNALS = (
    API_TARGETS,
    DISPATCHER_TARGETS,
    SCRAPES,
    EXPORTERS_MISSING,
    RESTARTS,
    SPANS_LOST,
    LINES_LOST,
    LABELS_LOST,
)

WATCHES = (
    Watch(
        "ApiAbsent",
        API_TARGETS,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=2),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.CAUSE,
        "No process of the API answers Prometheus.",
        "Either the service is down or nobody can see whether it is.",
    ),
    Watch(
        "DispatcherAbsent",
        DISPATCHER_TARGETS,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=5),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.ADOPTION,
        AlertType.CAUSE,
        "No dispatcher answers Prometheus.",
        "Nothing delivers notifications, and nobody sees how many wait.",
    ),
    Watch(
        "ScrapeFailing",
        SCRAPES,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A target does not answer Prometheus.",
        "What this target tells is missing from every graph and alert.",
    ),
    Watch(
        "ExporterAbsent",
        EXPORTERS_MISSING,
        Past.ABOVE,
        Fraction(0),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Prometheus has no target of an exporter.",
        "What this exporter watches is not watched: its alerts cannot fire.",
    ),
    Watch(
        "CrashLooping",
        RESTARTS,
        Past.ABOVE,
        Fraction(5),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.MAIL,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A process begins anew again and again.",
        "More than five restarts in a quarter of an hour.",
    ),
    Watch(
        "SpansDropped",
        SPANS_LOST,
        Past.ABOVE,
        Fraction("0.01"),
        timedelta(minutes=15),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Spans are lost on their way to the collector.",
        "Traces have holes, and some of those of errors are missing.",
    ),
    Watch(
        "LogLinesDropped",
        LINES_LOST,
        Past.ABOVE,
        Fraction("0.001"),
        timedelta(minutes=15),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Log lines are lost.",
        "What happened meanwhile can be read only in part.",
    ),
    Watch(
        "LabelsOverflow",
        LABELS_LOST,
        Past.ABOVE,
        Fraction(0),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.ADOPTION,
        AlertType.CAUSE,
        "A metric has met a label value that nobody declared.",
        "It is shown as _overflow; the catalogue and the code have drifted apart.",
    ),
)
