"""The parts of a play: two versions, Prometheus, a way to it, a receiver that shifts traffic."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx

from app.local.ports import HOST
from slo.prometheus import Prometheus
from tests.slo.conftest import PATIENCE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

NAME = "http_server_request_duration_seconds"
CANARY, STABLE = 'version="2.0"', 'version="1.9"'
LOOK_SECONDS = 0.02


@dataclass
class Version:
    """What a version shows; every scrape finds so many more requests."""

    good: int = 1000
    failed: int = 0
    # Of the good ones, those that took between 0.3 and 1 s, and those that took longer.
    late: int = 0
    slow: int = 0
    nan: bool = False
    gone: bool = False
    counted: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heal(self) -> None:
        """Do again what a healthy version does."""
        self.good, self.failed, self.late, self.slow, self.nan, self.gone = (
            1000,
            0,
            0,
            0,
            False,
            False,
        )

    def restart(self) -> None:
        """Begin to count anew."""
        with self.lock:
            self.counted.clear()

    def scrape(self) -> str:
        with self.lock:
            for name in ("good", "failed", "late", "slow"):
                self.counted[name] = self.counted.get(name, 0) + getattr(self, name)
            seen = dict(self.counted)
        answers = _series(
            "201", "", seen["good"], seen["slow"] + seen["late"], seen["slow"], nan=self.nan
        )
        failures = _series("500", "error", seen["failed"], 0, 0, nan=self.nan)
        return answers + (failures if seen["failed"] else "")


def _series(status: str, error: str, count: int, late: int, slow: int, *, nan: bool) -> str:
    labels = (
        f'http_request_method="POST",http_route="/api/swipes",'
        f'http_response_status_code="{status}",error_type="{error}"'
    )
    buckets = {"0.3": count - late, "1.0": count - slow, "+Inf": count}
    lines = [f'{NAME}_bucket{{{labels},le="{le}"}} {n}' for le, n in buckets.items()]
    return "\n".join([*lines, f"{NAME}_count{{{labels}}} {'NaN' if nan else count}", ""])


@dataclass
class Receiver:
    """What was posted; it answers with the statuses that are listed, and then with 200."""

    url: str
    posts: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    forever: int = 200
    # Not set, it keeps whoever posts waiting.
    answering: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    def weights(self, decision: str = "promote") -> list[int]:
        return [post["to_weight"] for post in self.posts if post["decision"] == decision]


class Handler(BaseHTTPRequestHandler):
    """Silent."""

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        """Whoever asked may have been killed."""
        with contextlib.suppress(ConnectionError):
            super().handle()

    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())


def serving(handler: type[Handler]) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer((HOST, 0), handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
    return server


@dataclass
class Stage:
    """Prometheus and the two versions."""

    url: str
    canary: Version
    stable: Version

    def wait(self, query: str) -> None:
        """Wait until a query has an answer."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        with Prometheus(self.url) as prometheus:
            while not prometheus.vector(query):
                assert time.monotonic() < deadline, query
                time.sleep(LOOK_SECONDS)


def showing(version: Version) -> type[Handler]:
    class Metrics(Handler):
        def do_GET(self) -> None:
            if version.gone:
                self.answer(503)
            else:
                self.answer(200, version.scrape())

    return Metrics


def scrape_config(folder: Path, ports: dict[str, int]) -> Path:
    targets = [
        {"targets": [f"{HOST}:{port}"], "labels": {"version": version}}
        for version, port in ports.items()
    ]
    path = folder / "prometheus.yml"
    document = {
        "global": {"scrape_interval": "200ms", "scrape_timeout": "200ms"},
        "scrape_configs": [{"job_name": "petswipe-api", "static_configs": targets}],
    }
    path.write_text(json.dumps(document))
    return path


@dataclass
class Door:
    """A way to Prometheus that can be shut."""

    url: str
    shut: bool = False


def taking(found: Receiver) -> type[Handler]:
    class Hook(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.headers.append(dict(self.headers))
            found.bodies.append(body)
            found.posts.append(json.loads(body))
            found.answering.wait(PATIENCE_SECONDS)
            self.answer(found.statuses.pop(0) if found.statuses else found.forever)

    return Hook


def passing(found: Door, url: str) -> type[Handler]:
    class Way(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = {"Content-Type": self.headers["Content-Type"]}
            if found.shut:
                self.answer(503)
            else:
                answer = httpx.post(url + self.path, content=body, headers=kind)
                self.answer(answer.status_code, answer.text)

    return Way
