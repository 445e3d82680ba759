"""Ports for servers of our own that somebody starts in a moment."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections and to whoever names none: one of them would
# take a port before its server listens there.
PORTS = range(10_000, 32_768)
# Nobody listens yet at those that were given a moment ago.
_GIVEN: set[int] = set()


def free_port(neighbours: int = 1) -> int:
    """Return the first of so many neighbouring ports of this machine at which nobody listens.

    None of them is given again to this process.
    """
    while True:
        first = secrets.choice(PORTS[: len(PORTS) - neighbours + 1])
        wanted = range(first, first + neighbours)
        if not _GIVEN.isdisjoint(wanted):
            continue
        with ExitStack() as held, suppress(OSError):
            for port in wanted:
                held.enter_context(socket.socket()).bind((HOST, port))
            _GIVEN.update(wanted)
            return first
