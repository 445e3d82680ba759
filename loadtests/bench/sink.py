"""Where telemetry goes in a measurement: a program that takes spans and lines and forgets them.

`python -m loadtests.bench.sink` prints its port. It takes OTLP by POST, lines on standard input,
and tells by GET how much has come: whoever tells nothing is measured as doing nothing.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

STDIN = 0
CHUNK = 1 << 16


@dataclass(slots=True)
class Swallowed:
    """What has come so far."""

    lines: int = 0
    exports: int = 0
    export_bytes: int = 0


class Handler(BaseHTTPRequestHandler):
    """Answers an exporter that everything is fine."""

    protocol_version = "HTTP/1.1"
    swallowed = Swallowed()

    def do_POST(self) -> None:
        """Take spans."""
        size = int(self.headers["Content-Length"])
        self.rfile.read(size)
        self.swallowed.exports += 1
        self.swallowed.export_bytes += size
        self._answer("application/x-protobuf", b"")

    def do_GET(self) -> None:
        """Tell."""
        self._answer("application/json", json.dumps(asdict(self.swallowed)).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until the input ends: with the server whose lines these are."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_port, flush=True)  # noqa: T201  # a program of its own
    while chunk := os.read(STDIN, CHUNK):
        Handler.swallowed.lines += chunk.count(b"\n")
    server.shutdown()
    sys.exit(0)


if __name__ == "__main__":
    main()
