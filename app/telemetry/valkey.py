"""The cache client, measured: each command or pipeline is one round trip with a span."""

from __future__ import annotations

from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline

from app.telemetry.tracing import Kind, span

if TYPE_CHECKING:
    from app.telemetry.instruments import DatabaseInstruments
    from app.telemetry.tracing import Value

SYSTEM = "redis"
PIPELINE = "PIPELINE"


class WatchedPipeline(Pipeline):
    """A pipeline that tells how long it took."""

    instruments: DatabaseInstruments | None = None

    async def execute(self, raise_on_error: bool = True) -> list[Any]:  # noqa: FBT002  # as inherited
        """Send all commands."""
        attributes = {**attributes_of(PIPELINE), "db.operation.batch.size": len(self.command_stack)}
        with Command(PIPELINE, self.instruments, attributes):
            return await super().execute(raise_on_error)


class WatchedRedis(Redis):
    """A client that tells how long its commands took; it tells nobody until it is watched."""

    instruments: DatabaseInstruments | None = None

    async def execute_command(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401  # as inherited
        """Send one command."""
        operation = str(args[0])
        with Command(operation, self.instruments, attributes_of(operation)):
            return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py has none here

    def pipeline(
        self,
        transaction: bool = True,  # noqa: FBT002  # as inherited
        shard_hint: str | None = None,
    ) -> WatchedPipeline:
        """Begin a pipeline."""
        made = WatchedPipeline(
            self.connection_pool, self.response_callbacks, transaction, shard_hint
        )
        made.instruments = self.instruments
        return made


class Command:
    """Measures one round trip."""

    __slots__ = ("_begun", "_instruments", "_operation", "_span")

    def __init__(
        self,
        operation: str,
        instruments: DatabaseInstruments | None,
        attributes: dict[str, Value],
    ) -> None:
        """Take the name of the command: its keys and values stay here."""
        self._begun = perf_counter()
        self._operation = operation
        self._instruments = instruments
        self._span = span(operation, Kind.CLIENT, attributes)

    def __enter__(self) -> None:
        """Wait."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """End; whoever asked answers from PostgreSQL after an error."""
        error = "" if kind is None else _kind(kind)
        self._span.finish(error)
        if self._instruments is not None:
            seconds = perf_counter() - self._begun
            self._instruments.observe(SYSTEM, self._operation, error, seconds)


@lru_cache(maxsize=64)
def attributes_of(operation: str) -> dict[str, Value]:
    """Describe a command; all spans of it share this."""
    return {"db.system.name": SYSTEM, "db.operation.name": operation}


def _kind(error: type[BaseException]) -> str:
    # redis-py's own TimeoutError is none of Python's.
    if error.__name__ in {"TimeoutError", "CancelledError"}:
        return "timeout"
    return "refused" if error.__name__ == "ResponseError" else "unavailable"
