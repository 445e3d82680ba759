"""The service and its peers, each as a process, on the same PostgreSQL and Valkey."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import pytest

from app.local.ports import HOST
from app.telemetry.catalog import HEALTH_STARTUP

# The servers as the tests of the service have them.
from tests.app.conftest import (  # noqa: F401  # fixtures
    ROOT,
    answers,
    environment,
    key_file,
    make_folder,
    migrated,
    no_settings,
    poll_until,
    run_server,
    servers,
    settings_for,
)
from tests.loadtests.bench.peers.limits import IP_LIMIT, USER_LIMIT
from tests.ports import find_port

if TYPE_CHECKING:
    from collections.abc import Iterator

OURS, NAIVE, PUBLIC, CAREFUL = "ours", "naive", "naive with public telemetry", "careful"
COMMANDS = {
    NAIVE: ("loadtests.bench.peers.naive", "{port}"),
    PUBLIC: ("loadtests.bench.peers.naive", "{port}", "--telemetry", "public"),
    CAREFUL: ("loadtests.bench.peers.careful", "{port}"),
}
LIMITS = {"PET_RATE_LIMIT_USER": str(USER_LIMIT), "PET_RATE_LIMIT_IP": str(IP_LIMIT)}
# Spans have nowhere to go here.
TRACES = {"OTEL_TRACES_SAMPLER": "always_off"}


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that is starting."""

    url: str
    process: subprocess.Popen[bytes]
    log: IO[str]

    def wait(self) -> None:
        """Return once it answers; fail with its own words when it has ended."""

        def settled() -> bool:
            return self.process.poll() is not None or answers(self.url + HEALTH_STARTUP.template)

        poll_until(settled, self.url)
        self.log.seek(0)
        assert self.process.poll() is None, self.log.read()


@contextmanager
def started(command: tuple[str, ...], given: dict[str, str]) -> Iterator[Peer]:
    """Start a peer, and stop it at the end."""
    port = find_port()
    with make_folder() as folder, (folder / "log").open("a+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *(part.format(port=port) for part in command)],
            cwd=ROOT,
            env={**os.environ, **given},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        with process:
            try:
                yield Peer(f"http://{HOST}:{port}", process, log)
            finally:
                process.kill()


@pytest.fixture(scope="session")
def ours_and_peers(environment: dict[str, str]) -> Iterator[dict[str, str]]:  # noqa: F811  # the fixture
    """Where the service and each of its peers answers."""
    given = {**environment, **LIMITS}
    with ExitStack() as cleanup:
        peers = {
            name: cleanup.enter_context(started(command, {**given, **TRACES}))
            for name, command in COMMANDS.items()
        }
        ours = cleanup.enter_context(run_server(given, workers=1))
        for peer in peers.values():
            peer.wait()
        yield {OURS: ours.url, **{name: peer.url for name, peer in peers.items()}}
