"""What the exporters beside the service show, as far as rules and dashboards name it.

Their names are not ours, so a counter may lack `_total` here. Tests compare each with the exporter
itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.telemetry.model import Kind, Label, Metric

NODE, POSTGRES, REDIS, BLACKBOX = "node", "postgres", "redis", "blackbox"
PROMETHEUS, ALERTMANAGER = "prometheus", "alertmanager"
# In place of a job: Prometheus makes the series for each target, or every program shows it.
EVERY_JOB = "every one"
EXPORTERS = (NODE, POSTGRES, REDIS)


@dataclass(frozen=True, slots=True)
class Exported(Metric):
    """One metric family of a program that is not ours, and the job that scrapes it."""

    job: str = ""

    def __post_init__(self) -> None:
        """Take the name as it is."""
        if not self.job:
            raise ValueError(f"{self.name}: say which job scrapes it")


def _exported(job: str, name: str, kind: Kind, unit: str, about: str, *labels: str) -> Exported:
    found = tuple(Label(label, bound="what the exporter finds") for label in labels)
    return Exported(name, kind, about, unit, found, job=job)


_GAUGE, _COUNTER = Kind.GAUGE, Kind.COUNTER

# Prometheus makes this itself, for every target.
UP = Exported("up", _GAUGE, "1 while the last scrape succeeded.", "", job=EVERY_JOB)

CPU = _exported(
    NODE, "node_cpu_seconds_total", _COUNTER, "seconds", "CPU time by mode.", "cpu", "mode"
)
MEMORY_TOTAL = _exported(NODE, "node_memory_MemTotal_bytes", _GAUGE, "bytes", "Memory of the node.")
MEMORY_AVAILABLE = _exported(
    NODE, "node_memory_MemAvailable_bytes", _GAUGE, "bytes", "Memory that programs can still have."
)
_FILESYSTEM = ("device", "fstype", "mountpoint")
DISK_SIZE = _exported(
    NODE, "node_filesystem_size_bytes", _GAUGE, "bytes", "Size of a filesystem.", *_FILESYSTEM
)
DISK_AVAILABLE = _exported(
    NODE, "node_filesystem_avail_bytes", _GAUGE, "bytes", "Room left on it.", *_FILESYSTEM
)
DISK_READ = _exported(
    NODE, "node_disk_read_bytes_total", _COUNTER, "bytes", "Bytes read from a disk.", "device"
)
DISK_WRITTEN = _exported(
    NODE, "node_disk_written_bytes_total", _COUNTER, "bytes", "Bytes written to it.", "device"
)
DISK_BUSY = _exported(
    NODE, "node_disk_io_time_seconds_total", _COUNTER, "seconds", "Time it was busy.", "device"
)
NETWORK_IN = _exported(
    NODE, "node_network_receive_bytes_total", _COUNTER, "bytes", "Bytes received.", "device"
)
NETWORK_OUT = _exported(
    NODE, "node_network_transmit_bytes_total", _COUNTER, "bytes", "Bytes sent.", "device"
)
BACKUP_SUCCESS = _exported(
    NODE,
    "petswipe_backup_last_success_timestamp_seconds",
    _GAUGE,
    "seconds",
    "When the last backup was stored and checked, written by `python -m app backup`.",
)

POSTGRES_UP = _exported(POSTGRES, "pg_up", _GAUGE, "", "1 while PostgreSQL lets the exporter in.")
POSTGRES_CONNECTIONS = _exported(
    POSTGRES, "pg_stat_activity_count", _GAUGE, "connections", "Sessions.", "datname", "state"
)
POSTGRES_MAX = _exported(
    POSTGRES, "pg_settings_max_connections", _GAUGE, "connections", "Sessions it allows."
)
REPLICATION_LAG = _exported(
    POSTGRES, "pg_replication_lag_seconds", _GAUGE, "seconds", "How far a replica is behind."
)
LOCKS = _exported(
    POSTGRES, "pg_locks_count", _GAUGE, "locks", "Locks held by mode.", "datname", "mode"
)
DATABASE_SIZE = _exported(
    POSTGRES, "pg_database_size_bytes", _GAUGE, "bytes", "Size of a database.", "datname"
)
COMMITS = _exported(
    POSTGRES, "pg_stat_database_xact_commit", _COUNTER, "", "Transactions committed.", "datname"
)
ROLLBACKS = _exported(
    POSTGRES, "pg_stat_database_xact_rollback", _COUNTER, "", "Transactions undone.", "datname"
)
DEADLOCKS = _exported(
    POSTGRES, "pg_stat_database_deadlocks", _COUNTER, "", "Deadlocks broken.", "datname"
)
BLOCKS_HIT = _exported(
    POSTGRES, "pg_stat_database_blks_hit", _COUNTER, "", "Blocks found in memory.", "datname"
)
BLOCKS_READ = _exported(
    POSTGRES, "pg_stat_database_blks_read", _COUNTER, "", "Blocks read from disk.", "datname"
)

REDIS_UP = _exported(REDIS, "redis_up", _GAUGE, "", "1 while Valkey lets the exporter in.")
REDIS_MEMORY = _exported(REDIS, "redis_memory_used_bytes", _GAUGE, "bytes", "Memory in use.")
REDIS_MEMORY_MAX = _exported(
    REDIS, "redis_memory_max_bytes", _GAUGE, "bytes", "Memory it may use; 0 means no limit."
)
REDIS_EVICTED = _exported(
    REDIS, "redis_evicted_keys_total", _COUNTER, "keys", "Keys removed to make room."
)
REDIS_EXPIRED = _exported(
    REDIS, "redis_expired_keys_total", _COUNTER, "keys", "Keys whose time was over."
)
REDIS_KEYS = _exported(REDIS, "redis_db_keys", _GAUGE, "keys", "Keys of a database.", "db")
REDIS_HITS = _exported(REDIS, "redis_keyspace_hits_total", _COUNTER, "", "Keys found.")
REDIS_MISSES = _exported(REDIS, "redis_keyspace_misses_total", _COUNTER, "", "Keys not found.")
REDIS_CLIENTS = _exported(REDIS, "redis_connected_clients", _GAUGE, "", "Connections of clients.")
REDIS_COMMANDS = _exported(
    REDIS, "redis_commands_processed_total", _COUNTER, "commands", "Commands answered."
)

CERTIFICATE_EXPIRY = _exported(
    BLACKBOX,
    "probe_ssl_earliest_cert_expiry",
    _GAUGE,
    "seconds",
    "When the first certificate of the chain ends, in seconds since 1970.",
)

PROBE_SUCCESS = _exported(
    BLACKBOX, "probe_success", _GAUGE, "", "1 while an address answers as it should."
)

HEAD_SERIES = _exported(
    PROMETHEUS, "prometheus_tsdb_head_series", _GAUGE, "series", "Series in memory."
)
SAMPLES = _exported(
    PROMETHEUS, "prometheus_tsdb_head_samples_appended_total", _COUNTER, "", "Samples stored."
)
RULE_FAILURES = _exported(
    PROMETHEUS,
    "prometheus_rule_evaluation_failures_total",
    _COUNTER,
    "",
    "Evaluations of rules that failed.",
    "rule_group",
)
NOTIFICATIONS_FAILED = _exported(
    ALERTMANAGER,
    "alertmanager_notifications_failed_total",
    _COUNTER,
    "",
    "Messages that a receiver has not taken.",
    "integration",
)

# Of every Python process, ours included.
PROCESS_START = Exported(
    "process_start_time_seconds", _GAUGE, "When the process began.", "seconds", job=EVERY_JOB
)
PROCESS_MEMORY = Exported(
    "process_resident_memory_bytes", _GAUGE, "Memory of the process.", "bytes", job=EVERY_JOB
)
PROCESS_CPU = Exported(
    "process_cpu_seconds_total", _COUNTER, "CPU time of the process.", "seconds", job=EVERY_JOB
)
PROCESS_FILES = Exported(
    "process_open_fds", _GAUGE, "Files and connections it has open.", "files", job=EVERY_JOB
)
# Of every target.
SCRAPE_DURATION = Exported(
    "scrape_duration_seconds", _GAUGE, "How long a scrape took.", "seconds", job=EVERY_JOB
)
SCRAPE_SAMPLES = Exported(
    "scrape_samples_scraped", _GAUGE, "Samples that a scrape brought.", "samples", job=EVERY_JOB
)

EXPORTED = tuple(value for value in list(globals().values()) if isinstance(value, Exported))
