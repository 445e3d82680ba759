"""Where telemetry goes in a measurement: a program that takes spans and lines.

`python -m loadtests.bench.sink` prints its port. It takes OTLP by POST and lines on standard input,
and says by `GET /<trace id>` whether a span and a line of that trace have come: whoever tells
nothing is measured as doing nothing.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

STDIN = 0
CHUNK = 1 << 16


@dataclass(slots=True)
class Swallowed:
    """What has come so far: lines, and exports as they were encoded."""

    lines: bytearray = field(default_factory=bytearray)
    exports: bytearray = field(default_factory=bytearray)

    def tells_of(self, trace_id: str) -> dict[str, bool]:
        """Say where a trace has been told of: hexadecimal in lines, as bytes in exports."""
        return {
            "line": trace_id.encode() in self.lines,
            "span": bytes.fromhex(trace_id) in self.exports,
        }


class Handler(BaseHTTPRequestHandler):
    """Answers an exporter that everything is fine."""

    protocol_version = "HTTP/1.1"
    swallowed = Swallowed()

    def do_POST(self) -> None:
        """Take spans."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers["Content-Encoding"] == "gzip"
        self.swallowed.exports += gzip.decompress(body) if packed else body
        self._answer("application/x-protobuf", b"")

    def do_GET(self) -> None:
        """Tell."""
        told = self.swallowed.tells_of(self.path.removeprefix("/"))
        self._answer("application/json", json.dumps(told).encode())

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
        Handler.swallowed.lines += chunk
    server.shutdown()
    sys.exit(0)


if __name__ == "__main__":
    main()
