"""Real programs that a test runs for a moment."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.local.ports import MAX_PORT, Ports
from app.local.supervisor import Service, Supervisor
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PORTS = Ports()


def find_port() -> int:
    """Choose a free port."""
    return PORTS.choose_run("a test", MAX_PORT + 1, 1)[0]


@contextmanager
def running(folder: Path, *services: Service) -> Iterator[None]:
    """Run services, each once the one before it is ready; their output goes to a folder."""
    supervisor = Supervisor(folder, Stop())
    try:
        for service in services:
            supervisor.start(service)
        yield
    finally:
        supervisor.stop_all()
