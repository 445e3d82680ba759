"""Choosing ports that nobody listens on."""

from __future__ import annotations

import secrets
import socket
from dataclasses import dataclass, field

HOST = "127.0.0.1"
MAX_PORT = 65535
# Below those that systems give to outgoing connections: one of them would take a port between our
# look and our use.
OTHERS = range(10_000, 32_768)


@dataclass(slots=True)
class Ports:
    """Hands out each port once; remembers which wishes were not granted, to name them.

    Without `wishing` no wish is granted: when another stack starts at the same time, both look at
    the wished ports before either listens there.
    """

    wishing: bool = True
    others: range = OTHERS
    moved: list[str] = field(default_factory=list)
    _given: set[int] = field(default_factory=set)

    def choose(self, who: str, wish: int) -> int:
        """Return the wished port, or a free one when somebody else listens there."""
        port = wish
        if not self._grants(wish):
            port = self._any_free()
            self.moved.append(f"port {wish} is {self._reason}, {who} uses {port}")
        self._given.add(port)
        return port

    def choose_run(self, who: str, wish: int, count: int) -> list[int]:
        """Return `count` ports in a row, the first wished ones when all of them are free."""
        first = wish
        if not all(self._grants(port) for port in range(first, first + count)):
            first = self._any_free(count)
            self.moved.append(f"ports from {wish} are {self._reason}, {who} use those from {first}")
        run = list(range(first, first + count))
        self._given.update(run)
        return run

    def lost(self) -> list[int]:
        """List the given ports that somebody listens on; ask once our own servers have ended."""
        return sorted(port for port in self._given if not _is_free(port))

    @property
    def _reason(self) -> str:
        return "taken" if self.wishing else "left to others"

    def _grants(self, wish: int) -> bool:
        return self.wishing and self._usable(wish)

    def _usable(self, port: int) -> bool:
        return port not in self._given and port <= MAX_PORT and _is_free(port)

    def _any_free(self, count: int = 1) -> int:
        """Return the first of so many usable ports in a row."""
        while True:
            first = secrets.choice(self.others)
            if all(self._usable(port) for port in range(first, first + count)):
                return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it, a connection that is still winding down would count as a listener.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
