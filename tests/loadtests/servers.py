"""A server of one answer, and the OpenAPI document that a target must have."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from loadtests.scenarios.swipe_hot_path import STEPS

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def server(body: bytes, status: int = 200) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
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


def document(*without: str) -> bytes:
    paths: dict[str, object] = {
        s.template: {s.method.lower(): {}} for s in STEPS if s.template not in without
    }
    return json.dumps({"paths": paths}).encode()
