"""The incident log: writes every message of Alertmanager as one JSON line to standard output.

Run by docker-compose, in an image that has Python and nothing else; Loki keeps the lines.
"""  # noqa: INP001  # a script

from __future__ import annotations

import json
import re
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = re.compile(r"/([a-z0-9-]{1,64})")
HEALTH = "/health"
MAX_BODY_BYTES = 1_000_000
SILENCE_SECONDS = 5.0


class Handler(BaseHTTPRequestHandler):
    """Takes webhook messages at `/<receiver>`."""

    timeout = SILENCE_SECONDS

    def do_GET(self) -> None:
        """Say whether it is there."""
        self._answer(HTTPStatus.OK if self.path == HEALTH else HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Write one message down."""
        path, length = PATH.fullmatch(self.path), self.headers.get("Content-Length", "")
        if path is None:
            self._answer(HTTPStatus.NOT_FOUND)
        elif not re.fullmatch(r"[0-9]{1,7}", length) or int(length) > MAX_BODY_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            self._write(path[1], self.rfile.read(int(length)))

    def _write(self, receiver: str, body: bytes) -> None:
        try:
            message: Any = json.loads(body)
        except ValueError:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        line = {"event": "notification", "receiver": receiver, "message": message}
        sys.stdout.write(json.dumps(line, separators=(",", ":")) + "\n")
        sys.stdout.flush()
        self._answer(HTTPStatus.OK)

    def _answer(self, status: HTTPStatus) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: the messages themselves are told."""


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", int(sys.argv[1])), Handler).serve_forever()  # noqa: S104  # inside its container
