"""Real programs that a test runs for a moment."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.local.supervisor import Service, Supervisor
from app.stop import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
