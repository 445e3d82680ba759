"""One connection to Valkey on which many commands are under way at once.

hiredis writes commands and reads replies; Valkey answers in the order in which it was asked. What
one turn of the event loop asks leaves in one piece.
"""

from __future__ import annotations

import asyncio
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import hiredis
from redis.exceptions import ConnectionError as Disconnected
from redis.exceptions import NoScriptError, ResponseError

if TYPE_CHECKING:
    from asyncio import Future

    # The name of a command and its arguments.
    Words = tuple[str | bytes | int, ...]

NOTHING_YET = object()
# A deck has 40 kB; with a few of them in one piece less is copied.
ARRIVES = 256 * 1024
NO_SCRIPT = "NOSCRIPT"


def refusal(text: str) -> ResponseError:
    """Turn the words with which Valkey refuses a command into what redis-py raises."""
    kind = NoScriptError if text.startswith(NO_SCRIPT) else ResponseError
    return kind(text)


class ValkeyProtocol(asyncio.BufferedProtocol):
    """Sends commands and gives each its reply; texts in replies are bytes."""

    def __init__(self) -> None:
        """Wait for a connection."""
        self._reader = hiredis.Reader(replyError=refusal, notEnoughData=NOTHING_YET)
        self._arrived = bytearray(ARRIVES)
        self._unsent: list[bytes] = []
        self._waiting: deque[tuple[Future[Any], float]] = deque()
        self._loop = asyncio.get_running_loop()
        self.lost = False

    def ask(self, words: Words) -> Future[Any]:
        """Send a command with all others of this turn; the future has its reply.

        Or it has what Valkey has against the command, or Disconnected when the connection ends.
        """
        future: Future[Any] = self._loop.create_future()
        if self.lost:
            _refuse(future, Disconnected("the connection to Valkey has ended"))
            return future
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent.append(hiredis.pack_command(words))  # type: ignore[arg-type]  # it takes more than one word
        self._waiting.append((future, monotonic()))
        return future

    @property
    def waiting(self) -> int:
        """How many commands wait for their replies."""
        return len(self._waiting)

    @property
    def oldest(self) -> float | None:
        """When the command was asked that has waited longest, by the monotonic clock."""
        return self._waiting[0][1] if self._waiting else None

    def end(self, error: Exception) -> None:
        """Close the connection; everybody who waits is told why."""
        self.lost = True
        self._transport.abort()
        self._fail(error)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        # Of a stream it always is; uvloop's is no subclass of it.
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        """Say where to put what arrives: in one place, for it goes on to hiredis at once."""
        del sizehint
        return self._arrived

    def buffer_updated(self, nbytes: int) -> None:
        """Hand the replies out."""
        self._reader.feed(self._arrived, 0, nbytes)  # type: ignore[arg-type]  # it takes any buffer
        try:
            while (reply := self._reader.gets()) is not NOTHING_YET:
                future, _ = self._waiting.popleft()
                if future.done():
                    # Nobody waits for it any more.
                    continue
                if isinstance(reply, Exception):
                    _refuse(future, reply)
                else:
                    future.set_result(reply)
        except (hiredis.ProtocolError, IndexError):
            self.end(Disconnected("what answers there is no Valkey"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        del exc
        self.lost = True
        self._fail(Disconnected("the connection to Valkey has ended"))

    def _flush(self) -> None:
        unsent, self._unsent = self._unsent, []
        if not self.lost:
            self._transport.write(b"".join(unsent))

    def _fail(self, error: Exception) -> None:
        waiting, self._waiting = self._waiting, deque()
        for future, _ in waiting:
            if not future.done():
                _refuse(future, error)


def _refuse(future: Future[Any], error: Exception) -> None:
    future.set_exception(error)
    # Who has asked ahead may never look at it, and asyncio would complain of that.
    future.exception()
