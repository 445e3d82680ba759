"""A server of one answer, and the OpenAPI document that a target must have."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from loadtests.scenarios.model import body_type
from loadtests.scenarios.swipe_hot_path import SWIPE_HOT_PATH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from app.telemetry.model import Route

NOTHING: dict[str, str] = {}


@contextmanager
def server(body: bytes, status: int = 200, headers: Mapping[str, str] = NOTHING) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def documented(routes: Sequence[Route] = SWIPE_HOT_PATH.operations) -> dict[str, Any]:
    """Describe operations as the service does, as far as a target is checked."""
    paths: dict[str, Any] = {}
    for route in routes:
        operation: dict[str, Any] = {"responses": {str(status): {} for status in route.success}}
        if body_type(route):
            operation["requestBody"] = {"content": {body_type(route): {}}}
        paths.setdefault(route.template, {})[route.method.lower()] = operation
    return {"paths": paths}


def document(*without: str) -> bytes:
    """Write the document of the swipe hot path, without some of its paths."""
    whole = documented()
    for template in without:
        del whole["paths"][template]
    return json.dumps(whole).encode()
