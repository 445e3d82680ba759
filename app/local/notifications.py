"""A receiver of Alertmanager's notifications: a line of JSON each, and one for people."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

from app.local.ports import HOST
from app.local.supervisor import StackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILE = "notifications.jsonl"
# Stands in for the service outside that waits for heartbeats.
HEARTBEAT_RECEIVER = "dead-mans-switch"
QUIET = ("heartbeat", HEARTBEAT_RECEIVER)
PATH = re.compile(r"/([A-Za-z0-9_-]{1,64})")
MAX_BODY_BYTES = 1_000_000
MAX_FILE_BYTES = 64_000_000
# Whoever connects and says nothing keeps the others waiting this long.
SILENCE_SECONDS = 1.0


class Receiver:
    """Takes webhook messages at `/<receiver>`, one at a time, whenever it is asked to look.

    It needs no thread: the supervisor starts children by forking, which threads make unsafe.
    """

    def __init__(self, port: int, file: Path, say: Callable[[str], None]) -> None:
        """Listen at once, so that no message is refused; StackError when the port is taken."""
        self._file = file
        self._say = say
        receiver = self

        class Handler(_Handler):
            def take(self, name: str, message: dict[str, Any]) -> None:
                receiver._take(name, message)

        try:
            self._server = HTTPServer((HOST, port), Handler)
        except OSError as error:
            raise StackError(f"nobody can listen for notifications: {error}") from None
        self._server.timeout = 0

    def look(self) -> None:
        """Take the next message if there is one; returns at once otherwise."""
        self._server.handle_request()

    def close(self) -> None:
        """Stop listening."""
        self._server.server_close()

    def _take(self, name: str, message: dict[str, Any]) -> None:
        sentences = [_sentence(name, alert) for alert in message["alerts"]]
        told = {"at": f"{datetime.now(UTC):%FT%TZ}", "receiver": name, "message": message}
        line = json.dumps(told, separators=(",", ":")) + "\n"
        written = self._file.stat().st_size if self._file.exists() else 0
        if written + len(line) <= MAX_FILE_BYTES:
            with self._file.open("a") as file:
                file.write(line)
        if name not in QUIET:
            for sentence in sentences:
                self._say(sentence)


def _sentence(name: str, alert: dict[str, Any]) -> str:
    labels, annotations = alert["labels"], alert["annotations"]
    told = [annotations.get(key, "") for key in ("summary", "runbook_url")]
    words = [f"{name}: {labels['alertname']} {alert['status']}", *filter(None, told)]
    return "".join(c if c.isprintable() else "?" for c in " — ".join(words))


class _Handler(BaseHTTPRequestHandler):
    timeout = SILENCE_SECONDS

    def take(self, name: str, message: dict[str, Any]) -> None:
        """Keep a message."""
        raise NotImplementedError

    def do_POST(self) -> None:
        """Take a webhook message of version 4."""
        self.send_response(self._answer())
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self) -> HTTPStatus:
        path = PATH.fullmatch(self.path)
        if path is None:
            return HTTPStatus.NOT_FOUND
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch(r"[0-9]{1,9}", length):
            return HTTPStatus.LENGTH_REQUIRED
        if int(length) > MAX_BODY_BYTES:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        try:
            self.take(path[1], json.loads(self.rfile.read(int(length))))
        except (ValueError, LookupError, TypeError, AttributeError):
            return HTTPStatus.BAD_REQUEST
        except OSError:
            return HTTPStatus.SERVICE_UNAVAILABLE
        return HTTPStatus.OK

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002  # its name there
        """Say nothing: the messages themselves are told."""
