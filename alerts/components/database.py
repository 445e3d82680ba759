"""PostgreSQL: whether it is there, how full it is, how slow."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

from alerts import exporters
from alerts.counting import Increase, Quantile, Ratio
from alerts.levels import Answering, Level, Part
from alerts.model import AlertSeverity
from alerts.signal import Dashboard, Signal, Unit
from alerts.watch import AlertType, Channel, Floor, Past, Team, Watch
from app.telemetry.catalog import (
    CONNECT,
    DB_DURATION,
    DB_OPERATION,
    DB_SYSTEM,
    POOL,
    POOL_CONNECTIONS,
    POOL_MAX,
    POOL_TIMEOUTS,
)
from slo.promql import Matcher, Selector

FIVE_MINUTES = timedelta(minutes=5)
POSTGRES = (Matcher(DB_SYSTEM.name, "=", "postgresql"),)
STATEMENTS = Selector(DB_DURATION, "db_client_operation_duration_seconds_count", POSTGRES)
UNANSWERED = STATEMENTS.where(Matcher("error_type", "=~", "timeout|unavailable"))
# What nobody got a connection for was no statement, and took as long as it waited.
TIMES = Selector(
    DB_DURATION,
    "db_client_operation_duration_seconds_bucket",
    (*POSTGRES, Matcher(DB_OPERATION.name, "!=", CONNECT)),
)
USED = Matcher("db_client_connection_state", "=", "used")
EXPORTER = (Matcher("job", "=", exporters.POSTGRES),)

UP = Signal(
    "instance:postgres:up",
    "PostgreSQL answers",
    "1 while PostgreSQL lets its exporter in, 0 while it does not or keeps it waiting.",
    Unit.NUMBER,
    Answering(
        Selector(exporters.POSTGRES_UP, "pg_up", EXPORTER), Selector(exporters.UP, "up", EXPORTER)
    ),
    Dashboard.DATABASE,
)
FAILURES = Signal(
    "job:db_failures:ratio_rate2m",
    "Statements that found no database",
    "The share of statements that PostgreSQL did not answer: refused, unavailable or timed out.",
    Unit.SHARE,
    Ratio(
        UNANSWERED,
        STATEMENTS,
        timedelta(minutes=2),
    ),
    Dashboard.DATABASE,
)
CONNECTIONS = Signal(
    "instance:postgres_connections:ratio",
    "Connections of those allowed",
    "Sessions of all clients by what max_connections allows. At 100 % nobody gets in any more.",
    Unit.SHARE,
    Part(
        Selector(exporters.POSTGRES_CONNECTIONS, "pg_stat_activity_count", EXPORTER),
        Selector(exporters.POSTGRES_MAX, "pg_settings_max_connections", EXPORTER),
    ),
    Dashboard.DATABASE,
)
IN_USE = Signal(
    "job:db_pool_used:ratio",
    "Pool in use",
    "Connections that requests hold, by those that the pools of all processes may have.",
    Unit.SHARE,
    Part(
        Selector(POOL_CONNECTIONS, POOL_CONNECTIONS.name, (USED,)),
        Selector(POOL_MAX, POOL_MAX.name, ()),
        ("job", POOL.name),
    ),
    Dashboard.DATABASE,
)
POOL_GIVEN_UP = Signal(
    "job:db_pool_timeouts:increase5m",
    "Waits for a connection given up in 5 minutes",
    "Requests that waited for a connection of the pool until their time was over.",
    Unit.COUNT,
    Increase(Selector(POOL_TIMEOUTS, POOL_TIMEOUTS.name, ()), FIVE_MINUTES),
    Dashboard.DATABASE,
)
STATEMENT_TIME = Signal(
    "job:db_duration_seconds:p99_5m",
    "Statement time p99",
    "99 % of the statements took no longer, the way there and back included.",
    Unit.SECONDS,
    Quantile(TIMES, 0.99, FIVE_MINUTES),
    Dashboard.DATABASE,
)
REPLICATION = Signal(
    "instance:postgres_replication_lag:seconds",
    "Replication lag",
    "How old what a replica shows is. Lists, feeds and exports read from it.",
    Unit.SECONDS,
    Level(
        Selector(exporters.REPLICATION_LAG, exporters.REPLICATION_LAG.name, EXPORTER),
        ("job", "instance"),
    ),
    Dashboard.DATABASE,
)
FAILED_STATEMENTS = Signal(
    "job:db_failures:increase2m",
    "Statements without an answer in 2 minutes",
    "How many statements PostgreSQL did not answer: a few can be somebody's slow query.",
    Unit.COUNT,
    Increase(UNANSWERED, timedelta(minutes=2)),
    Dashboard.DATABASE,
)
SIGNALS = (
    UP,
    FAILURES,
    FAILED_STATEMENTS,
    CONNECTIONS,
    IN_USE,
    POOL_GIVEN_UP,
    STATEMENT_TIME,
    REPLICATION,
)

WATCHES = (
    Watch(
        "DatabaseDown",
        UP,
        Past.BELOW,
        Fraction(1),
        timedelta(minutes=1),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.DBA,
        AlertType.CAUSE,
        "PostgreSQL does not answer, or what watches it does not.",
        "Nothing can be stored, and only what is cached can be read.",
    ),
    Watch(
        "DatabaseConnectionFailures",
        FAILURES,
        Past.ABOVE,
        Fraction("0.1"),
        timedelta(minutes=1),
        AlertSeverity.CRITICAL,
        Channel.PAGER,
        Team.DBA,
        AlertType.CAUSE,
        "The API does not reach PostgreSQL.",
        "One statement in ten or more finds no database, whatever the database says of itself.",
        Floor(FAILED_STATEMENTS, Fraction(5)),
    ),
    Watch(
        "DatabaseConnectionsHigh",
        CONNECTIONS,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.DBA,
        AlertType.CAUSE,
        "PostgreSQL is running out of connections.",
        "When all are taken, no process gets in; superusers have three left.",
    ),
    Watch(
        "DatabasePoolBusy",
        IN_USE,
        Past.ABOVE,
        Fraction("0.8"),
        timedelta(minutes=10),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "The connection pools are nearly exhausted.",
        "Requests are about to queue for a connection.",
    ),
    Watch(
        "DatabasePoolTimeouts",
        POOL_GIVEN_UP,
        Past.ABOVE,
        Fraction(0),
        timedelta(minutes=1),
        AlertSeverity.WARNING,
        Channel.CHAT,
        Team.ADOPTION,
        AlertType.CAUSE,
        "Requests give up waiting for a database connection.",
        "A request that does is answered with an error.",
    ),
    Watch(
        "SlowQueries",
        STATEMENT_TIME,
        Past.ABOVE,
        Fraction(1),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.DBA,
        AlertType.CAUSE,
        "One statement in a hundred takes longer than a second.",
        "Something scans, waits for a lock, or the disk is slow.",
    ),
    Watch(
        "ReplicationLagHigh",
        REPLICATION,
        Past.ABOVE,
        Fraction(60),
        timedelta(minutes=5),
        AlertSeverity.WARNING,
        Channel.TICKET,
        Team.DBA,
        AlertType.CAUSE,
        "A replica is more than a minute behind.",
        "Lists, feeds and exports show what was true then.",
    ),
)
