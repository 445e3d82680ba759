"""Choosing ports that nobody listens on."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

HOST = "127.0.0.1"
MAX_PORT = 65535


@dataclass(slots=True)
class Ports:
    """Hands out each port once; remembers which wishes were taken, to name them."""

    moved: list[str] = field(default_factory=list)
    _given: set[int] = field(default_factory=set)
    # Held as long as this object lives; by then our servers listen.
    _claims: dict[int, int] = field(default_factory=dict)

    def choose(self, who: str, wish: int) -> int:
        """Return the wished port, or a free one when somebody else listens there."""
        port = wish
        if not self._usable(wish):
            port = self._any_free()
            self.moved.append(f"port {wish} is taken, {who} uses {port}")
        self._given.add(port)
        return port

    def choose_run(self, who: str, wish: int, count: int) -> list[int]:
        """Return `count` ports in a row, the first wished ones when all of them are free."""
        first = wish
        while not all(self._usable(port) for port in range(first, first + count)):
            first = self._any_free()
        if first != wish:
            self.moved.append(f"ports from {wish} are taken, {who} use those from {first}")
        run = list(range(first, first + count))
        self._given.update(run)
        return run

    def lost(self) -> list[int]:
        """List the given ports that somebody listens on; ask once our own servers have ended."""
        return sorted(port for port in self._given if not _is_free(port))

    def _usable(self, port: int) -> bool:
        known = port in self._given or port > MAX_PORT
        return not known and _is_free(port) and self._claim(port)

    def _claim(self, port: int) -> bool:
        """Keep a stack that starts at the same moment from choosing this port as well."""
        if port in self._claims:
            return True
        folder = Path(tempfile.gettempdir()) / f"petswipe-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(folder / str(port), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._claims[port] = lock
        return True

    def __del__(self) -> None:
        """Let others have what this object has claimed."""
        for lock in self._claims.values():
            os.close(lock)

    def _any_free(self) -> int:
        while True:
            with socket.socket() as probe:
                probe.bind((HOST, 0))
                port: int = probe.getsockname()[1]
            if port not in self._given:
                return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it, a connection that is still winding down would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
