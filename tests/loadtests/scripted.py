"""A server that answers bytes as they are, connection by connection, and keeps what it was sent."""

from __future__ import annotations

import re
import socket
import struct
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Sequence

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
# In place of an answer: an end without a word, and one that throws away what is on the way.
END, RESET = b"end", b"reset"
LINGER = struct.pack("ii", 1, 0)


class Scripted:
    """Serves the given connections one after the other; each gets an answer for every request.

    A connection ends after its last answer, unless that one is `None`: then its client ends it.
    """

    def __init__(
        self, connections: Sequence[Sequence[bytes | None]], context: ssl.SSLContext | None
    ) -> None:
        self.requests: list[bytes] = []
        self.ended = [threading.Event() for _ in connections]
        self._connections = connections
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._listening.getsockname()[1]}"

    def serve(self) -> None:
        for answers, ended in zip(self._connections, self.ended, strict=True):
            with suppress(OSError):
                self._serve(answers)
            ended.set()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self, answers: Sequence[bytes | None]) -> None:
        sock, _ = self._listening.accept()
        with sock:
            if self._context is not None:
                sock = self._context.wrap_socket(sock, server_side=True)
            with sock:
                for answer in answers:
                    self._answer(sock, answer)

    def _answer(self, sock: socket.socket, answer: bytes | None) -> None:
        request = read(sock)
        if answer is None or not request:
            return
        self.requests.append(request)
        if answer == RESET:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        elif answer != END:
            sock.sendall(answer)


def read(sock: socket.socket) -> bytes:
    """Read one request with its body; nothing at the end of a connection."""
    found = b""
    while b"\r\n\r\n" not in found:
        block = sock.recv(65536)
        if not block:
            return b""
        found += block
    wanted = LENGTH.search(found)
    whole = found.index(b"\r\n\r\n") + 4 + (int(wanted[1]) if wanted else 0)
    while len(found) < whole:
        found += sock.recv(65536)
    return found


@contextmanager
def scripted(
    *connections: Sequence[bytes | None], context: ssl.SSLContext | None = None
) -> Iterator[Scripted]:
    server = Scripted(connections, context)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join()
