"""Statements and connections of SQLAlchemy's pools: how long they take, and a span for each.

No statement's text or values leave the process, only what it does and to which table.
"""

from __future__ import annotations

import logging
import re
from asyncio import CancelledError
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import event
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import AsyncAdaptedQueuePool

from app.telemetry.catalog import CONNECT
from app.telemetry.events import SLOW_QUERY
from app.telemetry.model import OVERFLOW
from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine.interfaces import DBAPICursor, ExecutionContext
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from app.telemetry.families import Counter, Histogram
    from app.telemetry.instruments import DatabaseInstruments
    from app.telemetry.tracing import NoSpan, Span, Value

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
log = logging.getLogger("petswipe.database")


class WatchedPool(AsyncAdaptedQueuePool):
    """A pool that tells how long somebody waited; it tells nobody until it is watched."""

    _wait_seconds: Histogram | None = None
    _timeouts: Counter
    _observe: Callable[[str, str, str, float], None]
    _pending = 0

    def watch(self, name: str, instruments: DatabaseInstruments) -> None:
        """Begin to tell."""
        self._timeouts = instruments.timeouts[name]
        self._observe = instruments.observe
        instruments.most[name].set(self.size())
        # Asked at each scrape, so that no count can go astray.
        instruments.connections[name]["used"].set_function(self.checkedout)
        instruments.connections[name]["idle"].set_function(self.checkedin)
        instruments.pending[name].set_function(lambda: self._pending)
        self._wait_seconds = instruments.wait_seconds[name]

    def _do_get(self) -> ConnectionPoolEntry:
        wait_seconds = self._wait_seconds
        if wait_seconds is None:
            return super()._do_get()
        self._pending += 1
        begun = perf_counter()
        try:
            return super()._do_get()
        except BaseException as error:
            if isinstance(error, (PoolTimeoutError, CancelledError)):
                self._timeouts.inc()
            self._observe(SYSTEM, CONNECT, _kind(error), perf_counter() - begun)
            raise
        finally:
            self._pending -= 1
            wait_seconds.observe(perf_counter() - begun)


def watch(engine: AsyncEngine, name: str, instruments: DatabaseInstruments) -> None:
    """Measure a pool and every statement that goes through it; `primary` or `replica`."""
    pool = engine.sync_engine.pool
    if not isinstance(pool, WatchedPool):
        raise TypeError(f"the pool of {name} is {type(pool).__name__}, not WatchedPool")
    pool.watch(name, instruments)
    watcher = _Watcher(instruments)

    def begin(*_: object) -> None:
        # In place of the driver's call: events around it cost more than all that is done here.
        event.listen(engine.sync_engine, "do_execute", watcher.execute)
        event.listen(engine.sync_engine, "do_executemany", watcher.executemany)

    # Not before the first connection: what SQLAlchemy asks of it first is nobody's request.
    event.listen(pool, "connect", begin, once=True)


class _Summary(NamedTuple):
    """What a statement does, in the words of a span."""

    operation: str
    table: str
    name: str
    attributes: dict[str, Value]


class _Watcher:
    """Sends the statements of an engine, and tells how long each took."""

    def __init__(self, instruments: DatabaseInstruments) -> None:
        self._instruments = instruments
        self._summaries: dict[str, _Summary] = {}

    def execute(
        self,
        cursor: DBAPICursor,
        statement: str,
        parameters: Any,  # noqa: ANN401  # the driver's
        context: ExecutionContext,
    ) -> bool:
        """Send a statement; returns that nobody else has to."""
        del context
        self._send(cursor.execute, statement, parameters)
        return True

    def executemany(
        self,
        cursor: DBAPICursor,
        statement: str,
        parameters: Any,  # noqa: ANN401  # the driver's
        context: ExecutionContext,
    ) -> bool:
        """Send a statement for each of many parameters; returns that nobody else has to."""
        del context
        self._send(cursor.executemany, statement, parameters)
        return True

    def _send(
        self,
        send: Callable[[str, Any], object],
        statement: str,
        parameters: Any,  # noqa: ANN401  # the driver's
    ) -> None:
        summary = self._summaries.get(statement) or self._summarise(statement)
        opened = span(summary.name, Kind.CLIENT, summary.attributes)
        begun = perf_counter()
        try:
            send(statement, parameters)
        except BaseException as error:
            self._note(summary, opened, begun, _kind(error))
            raise
        self._note(summary, opened, begun, "")

    def _note(self, summary: _Summary, opened: Span | NoSpan, begun: float, error: str) -> None:
        seconds = perf_counter() - begun
        # What the statement itself broke, like a unique key, is often what the caller asks for.
        opened.finish("" if error == "refused" else error)
        self._instruments.observe(SYSTEM, summary.operation, error, seconds)
        if seconds >= SLOW_SECONDS:
            slow = {"operation": summary.operation, "collection": summary.table}
            log.warning(
                "slow query",
                extra={"event": SLOW_QUERY, **slow, "duration_ms": round(seconds * 1000, 3)},
            )

    def _summarise(self, statement: str) -> _Summary:
        operation, table = summarise(statement)
        # Shared by all spans of the statement.
        attributes: dict[str, Value] = {
            "db.system.name": SYSTEM,
            "db.operation.name": operation,
            "db.collection.name": table,
        }
        name = f"{operation} {table}" if table else operation
        found = _Summary(operation, table, name, attributes)
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


def _kind(error: BaseException) -> str:
    state = str(getattr(error, "sqlstate", None) or "")
    # A request that ran into its deadline cancels what it waits for.
    given_up = isinstance(error, (TimeoutError, PoolTimeoutError, CancelledError))
    if given_up or state == TIMEOUT_STATE:
        return "timeout"
    if isinstance(error, OSError) or state.startswith(AWAY_STATES) or not state:
        return "unavailable"
    return "refused"
