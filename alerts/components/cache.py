"""Valkey, and what the service gets out of it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.counting import Rate, Ratio
from alerts.levels import Answering, Part
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Floor, Past, Team, Watch
from app.telemetry.catalog import CACHE_REQUESTS
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
ONE = ("job", "instance")
EXPORTER = (Matcher("job", "=", exporters.REDIS),)
READS = Selector(CACHE_REQUESTS, CACHE_REQUESTS.name, ())

UP = Signal(
    "instance:redis:up",
    "Valkey answers",
    "1 while Valkey lets its exporter in, 0 while it does not or keeps it waiting.",
    Unit.NUMBER,
    Answering(
        Selector(exporters.REDIS_UP, "redis_up", EXPORTER), Selector(exporters.UP, "up", EXPORTER)
    ),
    Dashboard.CACHE,
)
READ_RATE = Signal(
    "job:cache_reads:rate5m",
    "Cache reads",
    "Reads of all caches in each second.",
    Unit.PER_SECOND,
    Rate(READS, FIVE_MINUTES),
    Dashboard.CACHE,
)
ERRORS = Signal(
    "job:cache_errors:ratio_rate5m",
    "Cache errors",
    "The share of reads that Valkey did not answer in time; PostgreSQL answered them.",
    Unit.SHARE,
    Ratio(READS.where(Matcher("result", "=", "error")), READS, FIVE_MINUTES),
    Dashboard.CACHE,
)
HITS = Signal(
    "job:cache_hits:ratio_rate5m",
    "Cache hit ratio",
    "The share of reads that the cache could answer. The rest costs PostgreSQL a query each.",
    Unit.SHARE,
    Ratio(READS.where(Matcher("result", "=", "hit")), READS, FIVE_MINUTES),
    Dashboard.CACHE,
)
MEMORY = Signal(
    "instance:redis_memory:ratio",
    "Memory of Valkey",
    "Memory in use by what it may use. Nothing is shown while it has no limit.",
    Unit.SHARE,
    Part(
        Selector(exporters.REDIS_MEMORY, "redis_memory_used_bytes", EXPORTER),
        Selector(exporters.REDIS_MEMORY_MAX, "redis_memory_max_bytes", EXPORTER),
    ),
    Dashboard.CACHE,
)
EVICTIONS = Signal(
    "instance:redis_evictions:rate5m",
    "Evictions",
    "Keys that Valkey removed in each second to make room for others.",
    Unit.PER_SECOND,
    Rate(
        Selector(exporters.REDIS_EVICTED, "redis_evicted_keys_total", EXPORTER), FIVE_MINUTES, ONE
    ),
    Dashboard.CACHE,
)
SIGNALS = (UP, READ_RATE, ERRORS, HITS, MEMORY, EVICTIONS)
ENOUGH_READS = Floor(READ_RATE, Fraction(1))

WATCHES = (
    Watch(
        "CacheDown",
        UP,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Valkey does not answer, or what watches it does not.",
        "The service goes on from PostgreSQL, slower, and limits log-ins more strictly.",
    ),
    Watch(
        "CacheErrors",
        ERRORS,
        Past.ABOVE,
        Fraction("0.05"),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Valkey answers too late, or not at all, to one read in twenty.",
        "PostgreSQL answers these reads.",
    ),
    Watch(
        "CacheHitRatioLow",
        HITS,
        Past.BELOW,
        Fraction("0.8"),
        timedelta(minutes=15),
        AlertSeverity.INFO,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "The cache answers fewer than four reads in five.",
        "PostgreSQL works more than it should.",
        ENOUGH_READS,
    ),
    Watch(
        "CacheHitRatioVeryLow",
        HITS,
        Past.BELOW,
        Fraction("0.7"),
        timedelta(minutes=15),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "The cache answers fewer than seven reads in ten.",
        "PostgreSQL carries much of what the cache is for.",
        ENOUGH_READS,
    ),
    Watch(
        "CacheMemoryHigh",
        MEMORY,
        Past.ABOVE,
        Fraction("0.85"),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Valkey is nearly full.",
        "It is about to remove keys that are still wanted, counters of failed log-ins among them.",
    ),
    Watch(
        "CacheEvictionsHigh",
        EVICTIONS,
        Past.ABOVE,
        Fraction(100),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.PLATFORM,
        AlertType.CAUSE,
        "Valkey removes keys to make room.",
        "Decks are built anew, and limits on log-ins and requests forget what they have counted.",
    ),
)
