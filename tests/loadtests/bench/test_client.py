"""The load against a real server of known answers."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from loadtests.bench.client import Job
from tests.loadtests.bench.programs import exchange

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = 40
CONNECTIONS = 4
# Path, host, authorization, body, and the port of whoever asked.
Asked = list[tuple[str, str, str, bytes, int]]


@contextmanager
def server(asked: Asked, hangs_up_after: int) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                asked.append(
                    (
                        self.path,
                        self.headers["Host"],
                        self.headers["Authorization"],
                        body,
                        self.client_address[1],
                    )
                )
                number = len(asked)
            if number > hangs_up_after:
                self.close_connection = True
                return
            self.send_response(503 if number == 1 else 201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    lock = threading.Lock()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, args=[0.02])
        thread.start()
        try:
            yield http.server_port
        finally:
            http.shutdown()
            thread.join()


def load(port: int, jobs: int = 1) -> list[dict[str, Any]]:
    """Send all requests in so many jobs."""
    requests = [(f"token-{n}", f'{{"n": {n}}}') for n in range(REQUESTS)]
    parts = [requests[part::jobs] for part in range(jobs)]
    given = [asdict(Job("127.0.0.1", port, "POST", "/it", CONNECTIONS, part)) for part in parts]
    return exchange("loadtests.bench.client", given)


def test_every_request_is_sent_once_and_every_answer_counted() -> None:
    asked: Asked = []
    with server(asked, REQUESTS) as port:
        (outcome,) = load(port)
    host = f"127.0.0.1:{port}"
    expected = [
        ["/it", host, f"Bearer token-{n}", f'{{"n": {n}}}'.encode()] for n in range(REQUESTS)
    ]
    assert sorted(told for *told, _ in asked) == sorted(expected)
    assert outcome["answers"] == {"503": 1, "201": REQUESTS - 1}
    assert len(outcome["milliseconds"]) == REQUESTS
    assert 0 < max(outcome["milliseconds"]) <= outcome["seconds"] * 1000


def test_a_server_that_hangs_up_leaves_requests_without_an_answer() -> None:
    asked: Asked = []
    with server(asked, REQUESTS // 2) as port:
        (outcome,) = load(port)
    assert outcome["answers"] == {"503": 1, "201": REQUESTS // 2 - 1}


def test_jobs_share_their_connections_and_a_lost_one_is_opened_again() -> None:
    asked: Asked = []
    with server(asked, REQUESTS) as port:
        outcomes = load(port, jobs=4)
    assert [sum(outcome["answers"].values()) for outcome in outcomes] == [REQUESTS // 4] * 4
    assert len({sender for *_, sender in asked}) == CONNECTIONS
    asked.clear()
    with server(asked, REQUESTS // 2) as port:
        outcomes = load(port, jobs=4)
    assert sum(sum(outcome["answers"].values()) for outcome in outcomes) == REQUESTS // 2
    assert len(asked) > REQUESTS // 2
