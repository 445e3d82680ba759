"""PostgreSQL, as the service feels it and as it tells itself."""

from __future__ import annotations

from alerts import exporters
from alerts.components.database import (
    CONNECTIONS,
    FAILED_STATEMENTS,
    FAILURES,
    IN_USE,
    POOL_GIVEN_UP,
    REPLICATION,
    STATEMENT_TIME,
    UP,
)
from alerts.components.nodes import BACKUP_AGE, NO_BACKUP
from alerts.components.swipes import SHED
from alerts.signal import Dashboard, Unit
from app.telemetry.catalog import (
    COMMIT_BATCH,
    COMMIT_QUEUED,
    COMMIT_SHED,
    COMMIT_WAIT,
    DISPATCH_JOB,
    JOB,
    POOL_CONNECTIONS,
    POOL_MAX,
    POOL_PENDING,
    POOL_WAIT,
)
from app.telemetry.catalog import POOL as POOL_LABEL
from app.telemetry.model import edge_label
from dashboards.charts import EACH, TARGET, chart
from dashboards.model import Board, Query, Row
from dashboards.panels import DOWN_OR_UP, stat, timeseries, watches_of
from dashboards.queries import count, part, pick, quantile, rate, total
from dashboards.statements import OPERATION, STATEMENTS, TIMES
from slo.promql import Matcher

# What the alert calls slow is a bucket edge.
(SLOW,) = watches_of(STATEMENT_TIME)
QUICK = TIMES.where(Matcher("le", "=", edge_label(float(SLOW.threshold))))
# Nobody works in the templates, and what belongs to no database has no name.
NAMED = Matcher("datname", "!~", "template.*|")
HITS = rate(pick(exporters.BLOCKS_HIT, NAMED), "datname")
READS = rate(pick(exporters.BLOCKS_READ, NAMED), "datname")
SIZES = part(COMMIT_BATCH, "bucket")
WAITS = part(COMMIT_WAIT, "bucket")

HEALTH = Row(
    "Health",
    (
        stat(UP, width=4, states=DOWN_OR_UP),
        timeseries(
            FAILURES,
            FAILED_STATEMENTS,
            legends=("{{job}}: share", "{{job}}: number in 2 minutes"),
            high=None,
            width=10,
            nothing="No statements",
        ),
        timeseries(CONNECTIONS, width=10),
    ),
)
QUERIES = Row(
    "Queries",
    (
        timeseries(
            STATEMENT_TIME,
            title="Query performance",
            description="99 % of the statements took no longer, the way there and back included; "
            "and the same by kind of statement.",
            more=(Query(quantile(0.99, TIMES, OPERATION), "p99 {{db_operation_name}}"),),
            nothing="No statements",
        ),
        chart(
            "database:statements",
            "Statements",
            "Statements in each second by kind.",
            Unit.PER_SECOND,
            Query(rate(STATEMENTS, OPERATION), "{{db_operation_name}}"),
        ),
        chart(
            "database:slow-queries",
            "Slow queries",
            f"Statements that took longer than {float(SLOW.threshold):g} s, by kind.",
            Unit.COUNT,
            Query(
                f"{count(STATEMENTS, OPERATION)} - {count(QUICK, OPERATION)}",
                "{{db_operation_name}}",
                bars=True,
            ),
        ),
        chart(
            "database:transactions",
            "Transactions",
            "Transactions in each second that were committed or undone.",
            Unit.PER_SECOND,
            Query(rate(pick(exporters.COMMITS, NAMED), "datname"), "{{datname}} committed"),
            Query(rate(pick(exporters.ROLLBACKS, NAMED), "datname"), "{{datname}} undone"),
        ),
    ),
)
SWIPES = Row(
    "Swipes in batches",
    (
        chart(
            "database:batch-size",
            "Swipes in a batch",
            "How many swipes one statement has stored: half and 95 % of the statements stored no "
            "more, and the mean. It grows with the load; at its greatest, nothing is left.",
            Unit.NUMBER,
            Query(quantile(0.5, SIZES), "p50"),
            Query(quantile(0.95, SIZES), "p95"),
            Query(
                f"{rate(part(COMMIT_BATCH, 'sum'))} / ({rate(part(COMMIT_BATCH, 'count'))} > 0)",
                "Mean",
            ),
            nothing="No swipes",
        ),
        chart(
            "database:batch-wait",
            "Waiting for a batch",
            "Half and 99 % of the swipes waited no longer until their statement was sent. What the "
            "statement itself takes is not part of it.",
            Unit.SECONDS,
            Query(quantile(0.5, WAITS), "p50"),
            Query(quantile(0.99, WAITS), "p99"),
            nothing="No swipes",
        ),
        chart(
            "database:batch-queue",
            "Swipes that wait",
            "Swipes that wait for the next batch now, by process. One of them alone with many is "
            "busy itself; all of them wait for PostgreSQL.",
            Unit.COUNT,
            Query(total(pick(COMMIT_QUEUED), *TARGET), EACH),
        ),
        timeseries(
            SHED,
            legends=("In 5 minutes",),
            more=(Query(rate(pick(COMMIT_SHED)), "In each second", unit=Unit.PER_SECOND),),
        ),
    ),
)
POOLS = Row(
    "Connection pool",
    (
        timeseries(IN_USE, width=8),
        timeseries(POOL_GIVEN_UP, width=8),
        chart(
            "database:pool-wait",
            "Waiting for a connection",
            "Time that nearly everybody waited for a connection at most, and who waits now.",
            Unit.SECONDS,
            Query(
                quantile(0.99, part(POOL_WAIT, "bucket"), POOL_LABEL.name),
                "p99 {{" + POOL_LABEL.name + "}}",
            ),
            Query(total(pick(POOL_PENDING)), "waiting now", unit=Unit.COUNT),
            width=8,
        ),
        chart(
            "database:pool-connections",
            "Connections of the pools",
            "Connections that all processes hold open, by what they do, and how many they may.",
            Unit.COUNT,
            Query(
                total(pick(POOL_CONNECTIONS), POOL_LABEL.name, "db_client_connection_state"),
                "{{" + POOL_LABEL.name + "}} {{db_client_connection_state}}",
            ),
            Query(total(pick(POOL_MAX), POOL_LABEL.name), "{{" + POOL_LABEL.name + "}} allowed"),
        ),
        chart(
            "database:sessions",
            "Sessions",
            "Sessions of all clients by what they do, as PostgreSQL counts them.",
            Unit.COUNT,
            Query(total(pick(exporters.POSTGRES_CONNECTIONS), "state"), "{{state}}"),
            stacked=True,
        ),
    ),
)
INSIDE = Row(
    "Inside PostgreSQL",
    (
        chart(
            "database:locks",
            "Locks",
            "Locks held by mode. Many exclusive ones mean that statements wait for each other.",
            Unit.COUNT,
            Query(total(pick(exporters.LOCKS), "mode"), "{{mode}}"),
            width=8,
        ),
        chart(
            "database:deadlocks",
            "Deadlocks",
            "Statements that PostgreSQL ended because they waited for each other.",
            Unit.COUNT,
            Query(count(pick(exporters.DEADLOCKS, NAMED), "datname"), "{{datname}}", bars=True),
            width=8,
        ),
        timeseries(REPLICATION, width=8, nothing="No replica tells its lag"),
        chart(
            "database:memory-hits",
            "Blocks found in memory",
            "The share of blocks that PostgreSQL did not have to read from disk.",
            Unit.SHARE,
            Query(
                f"{HITS} / ({HITS} + {READS} > 0)",
                "{{datname}}",
            ),
            width=8,
        ),
        chart(
            "database:size",
            "Size",
            "How large each database is on disk.",
            Unit.BYTES,
            Query(total(pick(exporters.DATABASE_SIZE, NAMED), "datname", how="max"), "{{datname}}"),
            width=8,
        ),
        timeseries(
            BACKUP_AGE,
            NO_BACKUP,
            width=8,
            description="How long ago the last backup was stored and checked.",
        ),
    ),
)

BOARD = Board(
    Dashboard.DATABASE,
    "Database",
    "PostgreSQL as the service feels it, and as it tells itself. "
    "Generated from dashboards/boards/database.py.",
    (JOB, DISPATCH_JOB, exporters.POSTGRES, exporters.NODE),
    (HEALTH, QUERIES, SWIPES, POOLS, INSIDE),
)
