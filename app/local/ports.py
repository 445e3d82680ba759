"""Choosing ports that nobody listens on."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

HOST = "127.0.0.1"
MAX_PORT = 65535


@dataclass(slots=True)
class Ports:
    """Hands out each port once; remembers which wishes were taken, to name them."""

    moved: list[str] = field(default_factory=list)
    _given: set[int] = field(default_factory=set)

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
        return port not in self._given and port <= MAX_PORT and _is_free(port)

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
