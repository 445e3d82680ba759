"""What generators are measured against: a program that answers the swipe path at once.

`python -m loadtests.bench.answerer` prints its port. It costs a tenth of what a generator does, so
that the generator is what is measured; decks have as many cards as those of the service.
"""

from __future__ import annotations

import asyncio
import json
import sys

import httptools
import uvloop

CARDS = 20
CARD = {
    "name": "Rex",
    "type": "dog",
    "breed": "Mixed",
    "age_months": 12,
    "gender": "male",
    "size": "medium",
    "description": "A friendly dog who likes long walks, children and other dogs.",
    "photo_url": "https://cdn.example.org/pets/rex.jpg",
}
SWIPE = {"id": "00000000-0000-4000-8000-000000000000", "liked": True, "match_id": None}


def _answer(status: int, document: object) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


ANSWERS = {
    b"/api/auth/login": _answer(200, {"access_token": "t" * 600, "expires_in": 3600}),
    b"/api/deck": _answer(200, {"items": [{"id": f"{n:032x}", **CARD} for n in range(CARDS)]}),
    b"/api/swipes": _answer(201, SWIPE),
    b"/api/matches": _answer(200, {"items": []}),
}
UNKNOWN = _answer(404, {})


class Connection(asyncio.Protocol):
    """Answers each request as soon as it is whole."""

    def __init__(self) -> None:
        """Wait for a request."""
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Read what has come."""
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        """Note what is asked for."""
        self._path = url

    def on_message_complete(self) -> None:
        """Answer."""
        self._transport.write(ANSWERS.get(self._path, UNKNOWN))  # type: ignore[attr-defined]  # TCP can


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    try:
        uvloop.run(_serve())
    except KeyboardInterrupt:
        sys.exit()
