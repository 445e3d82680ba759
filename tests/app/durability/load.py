"""The load: many connections that stay open, each with one request under way, in one thread."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httptools

from app.local.ports import HOST
from tests.app.durability.bookkeeping import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.app.durability.bookkeeping import Ask, Book

CONNECTIONS = 48
# A client that is told to come back later does, and does not only ask for more.
AGAIN_SECONDS = 0.1


class Connection(asyncio.Protocol):
    """Sends a request and waits for its answer."""

    def __init__(self) -> None:
        """Wait for work."""
        self._waiting: asyncio.Future[Answer] | None = None
        self._lost = False
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    @property
    def open(self) -> bool:
        """Say whether the other side would read another request."""
        return not self._lost and self._headers.get("connection") != "close"

    async def ask(self, ask: Ask) -> Answer:
        """Return the answer; raises ConnectionError when the connection ends before it."""
        if self._lost:
            raise ConnectionResetError
        self._waiting = asyncio.get_running_loop().create_future()
        self._headers, self._body = {}, []
        self._transport.write(ask.encode())
        return await self._waiting

    def close(self) -> None:
        """Hang up."""
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._lost = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError())

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        assert self._waiting is not None
        status = self._parser.get_status_code()
        self._waiting.set_result(Answer(status, self._headers, b"".join(self._body)))


class Load:
    """Sends what there is to send, and what was answered 503 again, until told to stop."""

    def __init__(self, port: int, asks: Iterable[Ask], book: Book) -> None:
        """Take the requests from an iterator that all connections share."""
        self._port = port
        self._asks = iter(asks)
        self._book = book
        self._stopped = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    @property
    def over(self) -> bool:
        """Say whether nothing is sent any more."""
        return not self._thread.is_alive()

    def stop(self) -> None:
        """Let what is under way end, and begin nothing."""
        self._stopped.set()

    def join(self) -> None:
        """Wait for the end; raises what went wrong on this side."""
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._send_all())
        except BaseException as error:  # noqa: BLE001  # raised again where the test sees it
            self._failure = error

    async def _send_all(self) -> None:
        await asyncio.gather(*(self._send() for _ in range(CONNECTIONS)))

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(Connection, HOST, self._port)
        try:
            for ask in self._asks:
                self._book.send(ask)
                await self._settle(connection, ask)
                if self._stopped.is_set() or not connection.open:
                    break
        except ConnectionError:
            self._book.lost += 1
        finally:
            connection.close()

    async def _settle(self, connection: Connection, ask: Ask) -> None:
        while True:
            answer = await connection.ask(ask)
            self._book.note(ask, answer)
            if answer.status != 503 or self._stopped.is_set():
                return
            await asyncio.sleep(AGAIN_SECONDS)


@contextmanager
def running(port: int, asks: Iterable[Ask], book: Book) -> Iterator[Load]:
    """Send for as long as the block lasts."""
    load = Load(port, asks, book)
    try:
        yield load
    finally:
        load.stop()
        with suppress(ConnectionError):
            load.join()


def settle(port: int, asks: Iterable[Ask], book: Book) -> None:
    """Send all of it and return when the last one is answered."""
    Load(port, asks, book).join()


def grows(count: Callable[[], int], by: int) -> Callable[[], bool]:
    """Make the condition that something has grown by so many from now on."""
    enough = count() + by
    return lambda: count() >= enough
