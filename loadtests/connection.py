"""One HTTP connection of one session: a request at a time, and none of them sent twice.

The client that Locust comes with checks an idle connection by select(), which cannot see beyond
file 1023 and then connects anew for every request; and it sends a GET again by itself.
"""

from __future__ import annotations

import select
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

import httptools
from gevent import socket as gevent_socket
from gevent import ssl as gevent_ssl
from gevent.monkey import get_original

if TYPE_CHECKING:
    from gevent.socket import socket as Socket  # noqa: N812  # a class, whatever its name

CONNECT_SECONDS = 10.0
# A histogram of latencies ends there as well.
ANSWER_SECONDS = 60.0
# Servers close an idle connection after 5 s or more, and a request may cross with that.
KEEP_SECONDS = 4.0
BLOCK_BYTES = 65_536
# Below it is only a beginning, and the answer may come in the same block.
FINAL = 200
# A deck of a hundred pets with all their words is a hundredth of it.
LONGEST_ANSWER_BYTES = 32 * 1024 * 1024
# Locust puts gevent's in its place, which asks the whole event loop.
POLL = get_original("select", "poll")
# No parser of ours may choke on it, whatever is behind the address.
FAILURES = (OSError, httptools.HttpParserError, httptools.HttpParserUpgrade)


class Answer(NamedTuple):
    """A status, and the body."""

    status: int
    content: bytes


class ClosedError(ConnectionError):
    """The server has closed the connection in the middle of an answer, or before it."""


class Address:
    """Where all connections of a load go; the certificate of https is always checked."""

    def __init__(self, url: str) -> None:
        """Read an address like http://localhost:8000, with a path before all others or without."""
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        self.host = parts.hostname or ""
        self.port = parts.port or (443 if tls else 80)
        self.prefix = parts.path.rstrip("/")
        self.name = parts.netloc.rpartition("@")[2]
        self.context = gevent_ssl.create_default_context() if tls else None

    def connect(self) -> Socket:
        """Return a new connection; raises OSError."""
        sock = gevent_socket.create_connection((self.host, self.port), CONNECT_SECONDS)
        sock.setsockopt(gevent_socket.IPPROTO_TCP, gevent_socket.TCP_NODELAY, 1)
        if self.context is not None:
            sock = self.context.wrap_socket(sock, server_hostname=self.host)
        sock.settimeout(ANSWER_SECONDS)
        return sock


class Connection:
    """Stays open between requests for as long as the server does the same."""

    def __init__(self, address: Address) -> None:
        """Connect when there is something to send."""
        self._address = address
        self._sock: Socket | None = None
        self._used = 0.0

    def exchange(self, request: bytes) -> Answer:
        """Send a request and read its whole answer; raises one of FAILURES, and then is closed."""
        try:
            sock = self._open()
            sock.sendall(request)
            answer = self._read(sock)
        except BaseException:
            self.close()
            raise
        self._used = perf_counter()
        return answer

    def close(self) -> None:
        """Close the connection; the next request opens another one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def _open(self) -> Socket:
        if self._sock is not None and (perf_counter() - self._used > KEEP_SECONDS or self._ended()):
            self.close()
        if self._sock is None:
            self._sock = self._address.connect()
            self._poll = POLL()
            self._poll.register(self._sock.fileno(), select.POLLIN)
            self._reader = _Reader()
        return self._sock

    def _ended(self) -> bool:
        # Nothing may come on an idle connection but its end.
        return bool(self._poll.poll(0))

    def _read(self, sock: Socket) -> Answer:
        reader = self._reader
        reader.begin()
        deadline = perf_counter() + ANSWER_SECONDS
        while True:
            block = sock.recv(BLOCK_BYTES)
            if not block:
                return self._at_end()
            reader.parser.feed_data(block)
            if reader.complete:
                if not reader.stays:
                    self.close()
                return Answer(reader.status, b"".join(reader.parts))
            if reader.bytes > LONGEST_ANSWER_BYTES:
                raise ClosedError(f"the answer has more than {LONGEST_ANSWER_BYTES} bytes")
            if perf_counter() > deadline:
                raise TimeoutError(f"the answer was not there after {ANSWER_SECONDS:g} s")

    def _at_end(self) -> Answer:
        """Take the end of the connection for that of an answer without a length."""
        if not self._reader.unbounded:
            raise ClosedError("the server closed the connection before its answer was there")
        self.close()
        return Answer(self._reader.status, b"".join(self._reader.parts))


class _Reader:
    """Takes what the parser finds."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.begin()

    def begin(self) -> None:
        self.complete = self.stays = False
        self.on_message_begin()

    def on_message_begin(self) -> None:
        if self.complete:
            raise ClosedError("the server sent two answers to one request")
        self.status = 0
        self.bytes = 0
        self.parts: list[bytes] = []
        self._bounded = self._headers = False

    @property
    def unbounded(self) -> bool:
        return self._headers and not self._bounded and self.status >= FINAL

    def on_header(self, name: bytes, _: bytes) -> None:
        if name.lower() in (b"content-length", b"transfer-encoding"):
            self._bounded = True

    def on_headers_complete(self) -> None:
        self._headers = True
        self.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.parts.append(body)
        self.bytes += len(body)

    def on_message_complete(self) -> None:
        self.complete = self.status >= FINAL
        # Only known here: the parser is at the next answer already when it returns.
        self.stays = self.parser.should_keep_alive()
