"""Two versions that a real Prometheus scrapes, and a receiver that shifts their traffic."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.stop import Stop
from slo.prometheus import Prometheus
from tests.slo.conftest import PATIENCE_SECONDS, TOOLS, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
NAME = "http_server_request_duration_seconds"
CANARY, STABLE = 'version="2.0"', 'version="1.9"'
LOOK_SECONDS = 0.02
Walk = Callable[..., subprocess.CompletedProcess[str]]


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


@pytest.fixture(scope="session")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Scrape both versions five times a second; Prometheus takes 5 s to find its first target."""
    folder = tmp_path_factory.mktemp("canary")
    found = Stage(f"http://{HOST}:{free_port()}", Version(), Version())
    shown = {"2.0": found.canary, "1.9": found.stable}
    servers = {name: serving(showing(version)) for name, version in shown.items()}
    supervisor = Supervisor(folder, Stop())
    try:
        config = scrape_config(folder, {n: s.server_address[1] for n, s in servers.items()})
        tool = find_tool("prometheus", TOOLS, print)
        service = prepare_prometheus(tool, config, folder / "data", int(found.url.split(":")[2]))
        supervisor.start(replace(service, ready_seconds=PATIENCE_SECONDS))
        yield found
    finally:
        supervisor.stop_all()
        for server in servers.values():
            server.shutdown()
            server.server_close()


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


@pytest.fixture
def stage(scraped: Stage) -> Stage:
    """Begin with two healthy versions that are both known."""
    for version in (scraped.canary, scraped.stable):
        version.heal()
    for population in (CANARY, STABLE):
        # NaN is not even equal to itself.
        series = f"{NAME}_count{{{population}}}"
        scraped.wait(f"{series} == {series}")
    return scraped


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver("")

    class Hook(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.headers.append(dict(self.headers))
            found.bodies.append(body)
            found.posts.append(json.loads(body))
            found.answering.wait(PATIENCE_SECONDS)
            self.answer(found.statuses.pop(0) if found.statuses else found.forever)

    server = serving(Hook)
    found.url = f"http://{HOST}:{server.server_address[1]}/hook?token=of-the-hook"
    yield found
    found.answering.set()
    server.shutdown()
    server.server_close()


def command(url: str, *further: str) -> list[str]:
    return [
        *(sys.executable, "-m", "slo", "canary", "--prometheus-url", url),
        *("--canary", CANARY, "--stable", STABLE, *further),
    ]


FAST = ("--seconds-a-step", "0.5", "--most-seconds-a-step", "4", "--look-every", "0.25")


def run(url: str, *further: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(url, *further),
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


@pytest.fixture
def walk(stage: Stage, receiver: Receiver, tmp_path: Path) -> Walk:
    """Walk in steps of a second."""
    return lambda *further: run(stage.url, *whole(receiver, tmp_path), *further)


def whole(receiver: Receiver, folder: Path) -> tuple[str, ...]:
    """Give the options of a fast walk."""
    return (*FAST, "--webhook-url", receiver.url, "--state", str(folder / "state.json"))


@dataclass
class Walking:
    """A walk under way."""

    process: subprocess.Popen[str]
    out: Path
    path: Path
    code: int = -1

    def state(self) -> str:
        return self.path.read_text() if self.path.exists() else ""

    def written(self) -> str:
        return self.out.read_text()

    def end(self) -> tuple[str, str]:
        """Wait for its end, and return what it wrote."""
        _, error = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.code = self.process.returncode
        return self.written(), error


Start = Callable[..., Walking]


@pytest.fixture
def start(stage: Stage, receiver: Receiver, tmp_path: Path) -> Iterator[Start]:
    """Begin a walk like `walk`, and return while it is under way."""
    begun: list[Walking] = []

    def begin(*further: str) -> Walking:
        out = tmp_path / "out"
        with out.open("w") as sink:
            process = subprocess.Popen(
                command(stage.url, *whole(receiver, tmp_path), *further),
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONUNBUFFERED": "1"},
            )
        begun.append(Walking(process, out, tmp_path / "state.json"))
        return begun[-1]

    yield begin
    for walking in begun:
        if walking.process.poll() is None:
            walking.process.kill()
            walking.end()


@dataclass
class Door:
    """A way to Prometheus that can be shut."""

    url: str
    shut: bool = False


@pytest.fixture
def door(stage: Stage) -> Iterator[Door]:
    found = Door("")

    class Way(Handler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kind = {"Content-Type": self.headers["Content-Type"]}
            if found.shut:
                self.answer(503)
            else:
                answer = httpx.post(stage.url + self.path, content=body, headers=kind)
                self.answer(answer.status_code, answer.text)

    server = serving(Way)
    found.url = f"http://{HOST}:{server.server_address[1]}"
    yield found
    server.shutdown()
    server.server_close()


def until(true: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)
