"""Valkey commands of many requests as one pipeline: what one turn of the loop asks goes together.

A client that gives each command a connection, a write and a read of its own takes some 40 µs of CPU
for each; this one takes 4. It is for what nearly every request asks; everything else goes through
redis-py, which also says here where Valkey is and how to speak to it safely.
"""

from __future__ import annotations

import asyncio
import hashlib
from time import monotonic
from typing import TYPE_CHECKING, Any

from redis.asyncio import Connection, SSLConnection
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError
from redis.exceptions import TimeoutError as TooSlow

from app.telemetry.valkey import Command, attributes_of
from app.valkey_protocol import ValkeyProtocol

if TYPE_CHECKING:
    from asyncio import Future, TimerHandle
    from collections.abc import Generator, Sequence

    from app.telemetry.valkey import WatchedRedis
    from app.valkey_protocol import Words

MOST_WAITING = 20_000
# While Valkey is away, one attempt in so many seconds finds out whether it is back; everybody else
# is answered from PostgreSQL without waiting for it.
RETRY_SECONDS = 0.5
EVALSHA = "EVALSHA"
PING = "PING"


class Script:
    """A Lua script, which runs as one command and which Valkey knows by its digest."""

    def __init__(self, source: str) -> None:
        """Take its text."""
        self.source = source
        self.digest = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()


class Asked:
    """A command that is under way before anybody waits for its reply."""

    def __init__(self, command: Command, reply: Future[Any]) -> None:
        """Take what measures it, and what has its reply."""
        self._command = command
        self._reply = reply

    def __await__(self) -> Generator[Any, None, Any]:
        """Wait for the reply, and measure how long it took."""
        with self._command:
            return (yield from self._reply)

    def forget(self) -> None:
        """Say that nobody waits for it."""
        self._reply.cancel()


class SharedPipeline:
    """Commands in, replies out; raises what redis-py raises while Valkey is away.

    Texts in replies are bytes, because most go on as they came.
    """

    def __init__(self, cache: WatchedRedis, seconds: float) -> None:
        """Take the client whose address and secrets these are, and the time for a reply."""
        self._cache = cache
        self._seconds = seconds
        self._open: ValkeyProtocol | None = None
        self._opening: Future[ValkeyProtocol] | None = None
        self._timer: TimerHandle | None = None
        self._away_until = 0.0

    async def ask(self, *words: str | bytes | int) -> Any:  # noqa: ANN401  # whatever Valkey replies
        """Send a command with all others of this turn and return its reply."""
        operation = str(words[0])
        with Command(operation, self._cache.instruments, attributes_of(operation)):
            return await self._send(words)

    def begin(self, *words: str | bytes | int) -> Asked | None:
        """Send a command and go on; returns None when Valkey must be connected to first."""
        link = self._open
        if link is None or link.lost or link.waiting >= MOST_WAITING:
            return None
        operation = str(words[0])
        command = Command(operation, self._cache.instruments, attributes_of(operation))
        return Asked(command, self._put(link, words))

    async def run(self, script: Script, keys: Sequence[str], *arguments: str | int) -> Any:  # noqa: ANN401  # as above
        """Run a script; Valkey has forgotten it after a restart, and is then told its text."""
        given = (len(keys), *keys, *arguments)
        with Command(EVALSHA, self._cache.instruments, attributes_of(EVALSHA)):
            try:
                return await self._send((EVALSHA, script.digest, *given))
            except NoScriptError:
                return await self._send(("EVAL", script.source, *given))

    async def aclose(self) -> None:
        """Close the connection; what still waits is not answered."""
        if self._timer is not None:
            self._timer.cancel()
        if self._opening is not None:
            self._opening.cancel()
        if self._open is not None:
            self._open.end(Disconnected("this process is about to end"))

    async def _send(self, words: Words) -> Any:  # noqa: ANN401  # whatever Valkey replies
        link = self._open
        if link is None or link.lost:
            link = await self._connect()
        if link.waiting >= MOST_WAITING:
            raise Disconnected("too many commands wait for Valkey")
        return await self._put(link, words)

    def _put(self, link: ValkeyProtocol, words: Words) -> Future[Any]:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)
        return link.ask(words)

    def _look(self) -> None:
        """Give up on a connection whose oldest command has waited too long."""
        self._timer = None
        link = self._open
        if link is None or link.oldest is None:
            return
        left = link.oldest + self._seconds - monotonic()
        if left > 0:
            self._timer = asyncio.get_running_loop().call_later(left, self._look)
            return
        self._away_until = monotonic() + RETRY_SECONDS
        link.end(TooSlow("Valkey took too long"))

    async def _connect(self) -> ValkeyProtocol:
        """Return an open connection; who asks while one is being opened waits for the same."""
        if monotonic() < self._away_until:
            raise Disconnected("Valkey was away a moment ago")
        if self._opening is None:
            # Not of the request that happens to be first: its deadline is not that of the others.
            self._opening = asyncio.ensure_future(self._try_to_connect())
            self._opening.add_done_callback(self._connected)
        return await asyncio.shield(self._opening)

    def _connected(self, opening: Future[ValkeyProtocol]) -> None:
        self._opening = None
        if opening.cancelled() or opening.exception() is not None:
            self._away_until = monotonic() + RETRY_SECONDS
        else:
            self._open = opening.result()

    async def _try_to_connect(self) -> ValkeyProtocol:
        made = self._cache.connection_pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py has none here
        try:
            async with asyncio.timeout(self._seconds):
                return await _open(made)
        except TimeoutError:
            raise TooSlow("Valkey took too long") from None
        except OSError as error:
            raise Disconnected(str(error)) from None


async def _open(made: Connection) -> ValkeyProtocol:
    tls = made.ssl_context.get() if isinstance(made, SSLConnection) else None
    loop = asyncio.get_running_loop()
    _, link = await loop.create_connection(ValkeyProtocol, made.host, int(made.port), ssl=tls)
    try:
        for words in _greeting(made):
            await link.ask(words)
    except BaseException:
        link.end(Disconnected("Valkey does not let this process in"))
        raise
    return link


def _greeting(made: Connection) -> list[Words]:
    """List what Valkey must hear before anything else."""
    words: list[Words] = []
    if made.password:
        words.append(("AUTH", *([made.username] if made.username else []), made.password))
    if made.db:
        words.append(("SELECT", made.db))
    # A proxy takes connections while there is no Valkey behind it.
    words.append((PING,))
    return words
