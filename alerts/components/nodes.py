"""The machines under it all, their certificates, and their backups."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.counting import Busy
from alerts.levels import Elapsed, Level, Missing, Taken
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Past, Team, Watch
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
EXPORTER = (Matcher("job", "=", exporters.NODE),)
# Memory filesystems and images that are always full say nothing about a disk.
DISKS = (*EXPORTER, Matcher("fstype", "!~", "tmpfs|ramfs|overlay|squashfs|iso9660"))
CPU_TIME = Selector(exporters.CPU, "node_cpu_seconds_total", EXPORTER)
BACKUP = Selector(exporters.BACKUP_SUCCESS, exporters.BACKUP_SUCCESS.name, EXPORTER)

CPU = Signal(
    "instance:cpu_used:ratio_rate5m",
    "CPU",
    "The share of time that the cores of a node work: not idle, and not waiting for a disk.",
    Unit.SHARE,
    Busy(
        CPU_TIME.where(Matcher("mode", "=~", "idle|iowait")),
        CPU_TIME.where(Matcher("mode", "=", "idle")),
        FIVE_MINUTES,
    ),
    Dashboard.INFRASTRUCTURE,
)
MEMORY = Signal(
    "instance:memory_used:ratio",
    "Memory",
    "The share of a node's memory that programs cannot have any more.",
    Unit.SHARE,
    Taken(
        Selector(exporters.MEMORY_AVAILABLE, exporters.MEMORY_AVAILABLE.name, EXPORTER),
        Selector(exporters.MEMORY_TOTAL, exporters.MEMORY_TOTAL.name, EXPORTER),
    ),
    Dashboard.INFRASTRUCTURE,
)
DISK = Signal(
    "instance:disk_used:ratio",
    "Disk",
    "The share of a filesystem that is taken. A full one stops PostgreSQL.",
    Unit.SHARE,
    Taken(
        Selector(exporters.DISK_AVAILABLE, exporters.DISK_AVAILABLE.name, DISKS),
        Selector(exporters.DISK_SIZE, exporters.DISK_SIZE.name, DISKS),
        ("job", "instance", "mountpoint"),
    ),
    Dashboard.INFRASTRUCTURE,
)
CERTIFICATE = Signal(
    "instance:certificate_left:days",
    "Days until a certificate ends",
    "How long the first certificate of the chain that an address shows is still good.",
    Unit.DAYS,
    Elapsed(
        Selector(
            exporters.CERTIFICATE_EXPIRY,
            exporters.CERTIFICATE_EXPIRY.name,
            (Matcher("job", "=", exporters.BLACKBOX),),
        ),
        timedelta(days=1),
        ahead=True,
    ),
    Dashboard.INFRASTRUCTURE,
)
PROBES = Signal(
    "instance:probe:up",
    "Addresses that answer",
    "1 while an address answers the probe as its clients would want, 0 while it does not.",
    Unit.NUMBER,
    Level(
        Selector(
            exporters.PROBE_SUCCESS,
            exporters.PROBE_SUCCESS.name,
            (Matcher("job", "=", exporters.BLACKBOX),),
        ),
        ("job", "instance"),
        "min",
    ),
    Dashboard.INFRASTRUCTURE,
)
BACKUP_AGE = Signal(
    "job:backup_age:hours",
    "Age of the last backup",
    "How long ago the last backup was stored and checked.",
    Unit.HOURS,
    Elapsed(BACKUP, timedelta(hours=1), ("job",)),
    Dashboard.DATABASE,
)
NO_BACKUP = Signal(
    "job:backup:absent",
    "No word of backups",
    "1 while nothing says when the last backup was made.",
    Unit.NUMBER,
    Missing((BACKUP,)),
    Dashboard.DATABASE,
    shown_in=BACKUP_AGE.record,
)
SIGNALS = (CPU, MEMORY, DISK, CERTIFICATE, PROBES, BACKUP_AGE, NO_BACKUP)

WATCHES = (
    Watch(
        "CpuHigh",
        CPU,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A node is short of CPU.",
        "Its cores are hardly ever idle.",
    ),
    Watch(
        "CpuSaturated",
        CPU,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(minutes=15),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A node has been short of CPU for a quarter of an hour.",
        "Scaling out has not helped, or has not happened.",
    ),
    Watch(
        "MemoryHigh",
        MEMORY,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A node is short of memory.",
        "When none is left, the kernel ends the process that has most of it.",
    ),
    Watch(
        "DiskFilling",
        DISK,
        Past.ABOVE,
        Fraction("0.85"),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A filesystem is nearly full.",
        "PostgreSQL, Prometheus and logs stop where there is no room.",
    ),
    Watch(
        "CertificateExpiring",
        CERTIFICATE,
        Past.BELOW,
        Fraction(14),
        timedelta(hours=1),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.PLATFORM,
        AlertType.CAUSE,
        "A certificate ends within two weeks.",
        "Browsers and apps refuse the connection from then on.",
    ),
    Watch(
        "ProbeFailing",
        PROBES,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=5),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.PLATFORM,
        AlertType.SYMPTOM,
        "An address of the service does not answer from outside.",
        "Whatever is well behind it, nobody reaches it.",
    ),
    Watch(
        "BackupTooOld",
        BACKUP_AGE,
        Past.ABOVE,
        Fraction(26),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.DBA,
        AlertType.CAUSE,
        "The last backup is older than a day and two hours.",
        "What a restore would lose grows by the hour.",
    ),
    Watch(
        "BackupMissing",
        NO_BACKUP,
        Past.ABOVE,
        Fraction(0),
        timedelta(hours=1),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.DBA,
        AlertType.CAUSE,
        "Nobody knows when the last backup was made.",
        "Either there has never been one, or it does not say so.",
    ),
)
