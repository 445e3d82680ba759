"""A server that stands for whom Alertmanager tells: it keeps every request."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from app.local.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATIENCE_SECONDS = 90.0
SNS_ANSWER = (
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>'
    "<MessageId>1</MessageId></PublishResult></PublishResponse>"
)


@dataclass(frozen=True, slots=True)
class Request:
    """What one message was."""

    path: str
    body: str
    authorization: str


@dataclass(slots=True)
class Sink:
    """What was sent, in order of arrival."""

    url: str
    requests: list[Request] = field(default_factory=list)

    def at(self, path: str) -> list[Request]:
        """List what was posted to a path."""
        return [request for request in self.requests if request.path == path]


@contextmanager
def listening() -> Iterator[Sink]:
    """Answer every request with success for as long as the block lasts."""
    server = ThreadingHTTPServer((HOST, 0), _Handler)
    server.sink = Sink(f"http://{HOST}:{server.server_port}")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.sink  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def comes_true(condition: Callable[[], object]) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        authorization = self.headers.get("Authorization", "")
        self.server.sink.requests.append(  # type: ignore[attr-defined]
            Request(self.path, body, authorization)
        )
        answer = (SNS_ANSWER if self.path == "/sns/" else "ok").encode()
        self.send_response(202 if self.path == "/pagerduty" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name there
        """Say nothing."""
