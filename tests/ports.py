"""Ports for servers of tests: each worker of pytest has a share of its own, and gives none twice.

Between choosing a port and listening there, a server that another worker starts would take it.
"""

from __future__ import annotations

import os

from app.local.ports import MAX_PORT, OTHERS, Ports


def share(worker: int, workers: int) -> range:
    """Return the ports from which one worker of so many chooses."""
    size = len(OTHERS) // workers
    return OTHERS[worker * size : (worker + 1) * size]


# As pytest-xdist names them; without it there is one.
PORTS = Ports(
    others=share(
        int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")),
        int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")),
    )
)


def find_ports(count: int) -> list[int]:
    """Return ports in a row that nobody listens on."""
    return PORTS.choose_run("a test", MAX_PORT + 1, count)


def find_port() -> int:
    """Return a port that nobody listens on."""
    return find_ports(1)[0]
