"""The small service as a process."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from app.local.ports import HOST
from tests.app.conftest import ROOT, Server, make_folder, poll_until, scrape
from tests.ports import find_ports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Small = Callable[..., AbstractContextManager[Server]]


@contextmanager
def run_small(key_file: Path, **environment: str) -> Iterator[Server]:
    """Run it until it answers; it never asks the servers that it is told of."""
    port, management = find_ports(2)
    variables = {
        "PATH": "",
        "PET_ENVIRONMENT": "test",
        "PET_DATABASE_URL": f"postgresql+asyncpg://nobody@{HOST}/nothing",
        "PET_CACHE_URL": f"redis://{HOST}",
        "PET_JWT_PRIVATE_KEY_FILE": str(key_file),
        **environment,
    }
    command = [sys.executable, "-m", "tests.app.telemetry.small_service"]
    with (
        make_folder() as folder,
        (folder / "log").open("a+") as log,
        subprocess.Popen(
            [*command, str(port), str(management)],
            cwd=ROOT,
            env=variables,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
        ) as process,
    ):
        metrics = f"http://{HOST}:{management}/metrics"
        server = Server(process, f"http://{HOST}:{port}", [metrics], [], log)
        try:
            poll_until(
                lambda: process.poll() is not None or "Uvicorn running" in server.said(), metrics
            )
            assert process.poll() is None, server.said()
            server.first.append(scrape(metrics))
            yield server
        finally:
            process.kill()


@pytest.fixture(scope="session")
def small(key_file: Path) -> Small:
    def serve(**environment: str) -> AbstractContextManager[Server]:
        return run_small(key_file, **environment)

    return serve
