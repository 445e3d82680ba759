"""A server of known answers, for the load to be sent to."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CREATED = "2026-11-22T00:00:00.000000Z"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came, and on which connection."""

    line: str
    headers: dict[str, str]
    body: bytes
    sender: int


@dataclass(slots=True)
class Answering:
    """Where the server is, and what it was asked so far."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)


Answer = tuple[int, bytes]


def stored(asked: Asked, **changed: Any) -> Answer:
    """Answer as the service does, but for what is changed."""
    sent: dict[str, Any] = json.loads(asked.body)
    told = {"id": str(uuid.uuid4()), **sent, "created_at": CREATED, **changed}
    return 201, json.dumps(told).encode()


@contextmanager
def answering(
    answer: Callable[[Asked], Answer | None] = stored, seconds: float = 0.0
) -> Iterator[Answering]:
    """Serve until the block ends: each request after so many seconds; None hangs up."""
    told = Answering()
    ready, loop = threading.Event(), asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender = writer.get_extra_info("peername")[1]
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = await _read(reader, sender)
                told.asked.append(asked)
                await asyncio.sleep(seconds)
                found = answer(asked)
                if found is None:
                    break
                status, body = found
                head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n"
                writer.write(head.encode() + body)
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        told.port = server.sockets[0].getsockname()[1]
        ready.set()
        async with server:
            await ended.wait()

    ended = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=[main()])
    thread.start()
    ready.wait()
    try:
        yield told
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


async def _read(reader: asyncio.StreamReader, sender: int) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    line, *rest = head.strip().splitlines()
    headers = dict(re.split(": ", header, maxsplit=1) for header in rest)
    body = await reader.readexactly(int(headers.get("Content-Length", 0)))
    return Asked(line, headers, body, sender)
