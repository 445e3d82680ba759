"""Folders of runbooks, a management port, and servers that answer badly in place of Prometheus."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry, Counter

from app.local.monitoring import prepare_prometheus
from app.local.ports import HOST, Ports
from app.local.supervisor import Supervisor
from app.local.tools import find_tool
from app.management import management
from app.settings import load_settings
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    Serve = Callable[..., AbstractContextManager[str]]
    Answering = Callable[..., AbstractContextManager[str]]

TOOLS = Path(__file__).parents[3] / ".tools"
# Taken, so that any free port is chosen: one in use by another test would be the same.
FROM_PORT = 65536
PAGE = """---
alert: {name}
severity: {severity}
team: dba
dashboard: database
panel: PostgreSQL up
---

# {name}

## Meaning

The server `postgres` is *away*. Nothing else is said.

## Confirm

```promql
up
```

Healthy: 1.

## Related

- [CacheDown](CacheDown.md): the other one
"""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server that scrapes nothing."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text("global: {}\n")
    port = Ports().choose("Prometheus", FROM_PORT)
    service = prepare_prometheus(find_tool("prometheus", TOOLS, print), config, folder, port)
    supervisor = Supervisor(folder, Stop())
    try:
        supervisor.start(service)
        yield f"http://{HOST}:{port}"
    finally:
        supervisor.stop_all()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a few pages, with one beside it that nobody may read."""
    runbooks = tmp_path / "runbooks"
    (runbooks / "disaster").mkdir(parents=True)
    for name, severity in (("DatabaseDown", "critical"), ("CacheDown", "warning")):
        (runbooks / f"{name}.md").write_text(PAGE.format(name=name, severity=severity))
    scenario = "---\nscenario: region-lost\nseverity: critical\n---\n\n# Region lost\n"
    (runbooks / "disaster" / "region-lost.md").write_text(scenario)
    (runbooks / "queries.md").write_text("# Canned log queries\n")
    (runbooks / "README.md").write_text("# Runbooks\n")
    (runbooks / "_template.md").write_text("# Template\n")
    (tmp_path / "secret.md").write_text("# The secret\n")
    return runbooks


@pytest.fixture
def serve(tmp_path: Path, free_port: int) -> Serve:
    """Serve runbooks and metrics on a management port, and return its address."""
    key = tmp_path / "key.pem"
    key.write_text("no key")

    @contextmanager
    def run(runbooks: Path, **given: str) -> Iterator[str]:
        settings = load_settings(
            database_url=f"postgresql://{HOST}",
            cache_url=f"redis://{HOST}",
            jwt_private_key_file=key,
            runbooks_dir=runbooks,
            **given,
        )
        registry = CollectorRegistry()
        Counter("petswipe_signups", "Accounts.", registry=registry).inc(
            exemplar={"trace_id": "abc"}
        )
        with management(settings, free_port, registry):
            yield f"http://{HOST}:{free_port}"

    return run


@pytest.fixture
def answering() -> Answering:
    """Answer every request with a body, for clients that expect a Prometheus."""

    @contextmanager
    def run(body: bytes, status: int = 200) -> Iterator[str]:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        server = ThreadingHTTPServer((HOST, 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            server.server_close()

    return run


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends a byte now and then and never ends."""
    listener = socket.create_server((HOST, 0))
    ended = threading.Event()

    def drip(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not ended.wait(0.1):
                connection.sendall(b"x")

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=drip, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://{HOST}:{listener.getsockname()[1]}"
    ended.set()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
