"""Statements and connections of SQLAlchemy's pools: how long they take, and a span for each.

No statement's text or values leave the process, only what it does and to which table.
"""

from __future__ import annotations

import logging
import re
from time import perf_counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.telemetry.events import SLOW_QUERY
from app.telemetry.model import OVERFLOW
from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine import ExceptionContext, ExecutionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.telemetry.instruments import DatabaseInstruments

SYSTEM = "postgresql"
SLOW_SECONDS = 1.0
VERB = re.compile(r"[\s(]*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
# Not the `FOR UPDATE OF` of a lock, nor the `DO UPDATE` of an upsert.
WRITES = re.compile(r"(?<!DO )(?<!FOR )(?<!KEY )\b(INSERT|UPDATE|DELETE)\b")
TABLE = re.compile(
    r"\b(?:FROM|INTO|UPDATE|JOIN)\s+(?:ONLY\s+)?\"?([a-z_][a-z0-9_]*)", re.IGNORECASE
)
# There are about two hundred statements; those with lists in them could be any number.
MOST_SUMMARIES = 1_000
# Classes of SQLSTATE that mean that PostgreSQL is not there: see app.errors.
AWAY_STATES = ("08", "53", "57")
TIMEOUT_STATE = "57014"
STATE = "petswipe_telemetry"
log = logging.getLogger("petswipe.database")


class WatchedPool(AsyncAdaptedQueuePool):
    """A pool that tells how long somebody waited; it tells nobody until it is watched."""

    instruments: DatabaseInstruments | None = None
    name = ""

    def _do_get(self) -> ConnectionPoolEntry:
        watched = self.instruments
        if watched is None:
            return super()._do_get()
        pending = watched.pending[self.name]
        pending.inc()
        begun = perf_counter()
        try:
            return super()._do_get()
        except PoolTimeoutError:
            watched.timeouts[self.name].inc()
            raise
        finally:
            pending.dec()
            watched.wait_seconds[self.name].observe(perf_counter() - begun)


def watch(engine: AsyncEngine, name: str, instruments: DatabaseInstruments) -> None:
    """Measure a pool and every statement that goes through it; `primary` or `replica`."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, WatchedPool):
        raise TypeError(f"the pool of {name} is {type(pool).__name__}, not WatchedPool")
    pool.instruments, pool.name = instruments, name
    used, idle = (instruments.connections[name][state] for state in ("used", "idle"))
    # Asked at each scrape, so that no count can go astray.
    used.set_function(pool.checkedout)
    idle.set_function(pool.checkedin)
    instruments.most[name].set(pool.size())
    watcher = _Watcher(instruments)
    event.listen(engine.sync_engine, "before_cursor_execute", watcher.before)
    event.listen(engine.sync_engine, "after_cursor_execute", watcher.after)
    event.listen(engine.sync_engine, "handle_error", watcher.failed)


class _Watcher:
    """Listens to the statements of an engine."""

    def __init__(self, instruments: DatabaseInstruments) -> None:
        self._instruments = instruments
        self._summaries: dict[str, tuple[str, str]] = {}

    def before(
        self,
        connection: Connection,
        cursor: Any,  # noqa: ANN401  # the driver's
        statement: str,
        parameters: object,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> None:
        """Begin to measure."""
        del cursor, parameters, context, executemany
        operation, table = self._summary(statement)
        opened = span(
            f"{operation} {table}" if table else operation,
            Kind.CLIENT,
            {
                "db.system.name": SYSTEM,
                "db.operation.name": operation,
                "db.collection.name": table,
            },
        )
        connection.info[STATE] = (perf_counter(), operation, table, opened)

    def after(
        self,
        connection: Connection,
        cursor: Any,  # noqa: ANN401  # the driver's
        statement: str,
        parameters: object,
        context: ExecutionContext | None,
        executemany: bool,
    ) -> None:
        """Note a statement that has succeeded."""
        del cursor, statement, parameters, context, executemany
        self._note(connection, "")

    def failed(self, context: ExceptionContext) -> None:
        """Note a statement that has failed."""
        if context.connection is not None:
            self._note(context.connection, _kind(context.original_exception))

    def _note(self, connection: Connection, error: str) -> None:
        begun = connection.info.pop(STATE, None)
        if begun is None:
            return
        at, operation, table, opened = begun
        seconds = perf_counter() - at
        # What the statement itself broke, like a unique key, is often what the caller asks for.
        opened.finish("" if error == "refused" else error)
        self._instruments.observe(SYSTEM, operation, error, seconds)
        if seconds >= SLOW_SECONDS:
            slow = {"operation": operation, "collection": table}
            log.warning(
                "slow query",
                extra={"event": SLOW_QUERY, **slow, "duration_ms": round(seconds * 1000, 3)},
            )

    def _summary(self, statement: str) -> tuple[str, str]:
        found = self._summaries.get(statement)
        if found is None:
            found = summarise(statement)
            if len(self._summaries) < MOST_SUMMARIES:
                self._summaries[statement] = found
        return found


def summarise(statement: str) -> tuple[str, str]:
    """Return what a statement does and the first table that it names, like `INSERT`, `swipes`.

    A statement with CTEs does what the first of them that writes does, if one does.
    """
    verb = VERB.match(statement)
    if verb is None:
        return OVERFLOW, ""
    operation = verb[1].upper()
    rest = statement
    if operation == "WITH":
        written = WRITES.search(statement)
        operation = written[1] if written else "SELECT"
        rest = statement[written.start() :] if written else statement
    table = TABLE.search(rest)
    return operation, table[1] if table else ""


def _kind(error: BaseException | None) -> str:
    state = str(getattr(error, "sqlstate", None) or "")
    if isinstance(error, TimeoutError) or state == TIMEOUT_STATE:
        return "timeout"
    if isinstance(error, OSError) or state.startswith(AWAY_STATES) or not state:
        return "unavailable"
    return "refused"
