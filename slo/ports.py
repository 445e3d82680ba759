"""A port for a server of our own that somebody starts in a moment."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

HOST = "127.0.0.1"
# Below those that systems give to outgoing connections and to whoever names none: one of them would
# take a port before its server listens there.
PORTS = range(10_000, 32_768)


def free_port() -> int:
    """Return a port of this machine at which nobody listens."""
    while True:
        port = secrets.choice(PORTS)
        with socket.socket() as probe, suppress(OSError):
            probe.bind((HOST, port))
            return port
