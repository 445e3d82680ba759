"""HTTP/1.1 spoken byte by byte, because a client library would not say what is wrong."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

CHUNKED = b"transfer-encoding: chunked"
LENGTH = b"content-length:"
CONTINUE = 100
BODYLESS = frozenset({204, 304})


def request(method: str, path: str, *lines: str, body: bytes = b"") -> bytes:
    """Write a request with these header lines."""
    head = [f"{method} {path} HTTP/1.1", "Host: small", *lines]
    if body:
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


@dataclass(frozen=True, slots=True)
class Wire:
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def send(self, *parts: bytes) -> None:
        """Send in one piece."""
        self.writer.write(b"".join(parts))

    async def answer(self, method: str = "GET") -> str:
        """Return the status of the next answer once it has ended; empty when there is none.

        An answer that breaks off has ended too.
        """
        try:
            head = await self.reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return ""
        status = int(head.split(b" ", 2)[1])
        if status == CONTINUE:
            return await self.answer(method)
        if method != "HEAD" and status not in BODYLESS:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                await self._body(head.lower())
        return str(status)

    async def ended(self) -> bool:
        """Say, once it has, that the other side has closed without a further byte."""
        with suppress(ConnectionError):
            return not await self.reader.read(1)
        return True

    async def _body(self, head: bytes) -> None:
        lengths = [line for line in head.split(b"\r\n") if line.startswith(LENGTH)]
        if CHUNKED in head:
            while size := int(await self.reader.readuntil(b"\r\n"), 16):
                await self.reader.readexactly(size + 2)
            await self.reader.readexactly(2)
        elif lengths:
            await self.reader.readexactly(int(lengths[0][len(LENGTH) :]))
        else:
            await self.reader.read()


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Wire]:
    """Open a connection and close it at the end, whatever has been read of it."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
