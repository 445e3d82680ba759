"""Counting within a window of time: in Valkey for all processes, in this one when it is away."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio.client import Pipeline

# Keys that one process remembers while Valkey is away; the oldest go first.
REMEMBERED = 20_000


@dataclass(frozen=True, slots=True)
class Window:
    """A limit for whoever the key names: so many within so many seconds, from the first on."""

    policy: str
    key: str
    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """How full a window is."""

    window: Window
    used: int
    resets_in: int

    @property
    def exceeded(self) -> bool:
        """Say whether the last one counted was one too many."""
        return self.used > self.window.limit

    @property
    def full(self) -> bool:
        """Say whether one more would be one too many."""
        return self.used >= self.window.limit

    @property
    def remaining(self) -> int:
        """Return how many may follow."""
        return max(0, self.window.limit - self.used)


# INCR, EXPIRE … NX, TTL: no script to load, and no key that never expires.
COMMANDS = 3


def queue(pipe: Pipeline, windows: Sequence[Window]) -> None:
    """Add the commands that count once in every window."""
    for window in windows:
        pipe.incr(window.key)
        pipe.expire(window.key, window.seconds, nx=True)
        pipe.ttl(window.key)


def read(replies: Sequence[Any], windows: Sequence[Window]) -> list[Count]:
    """Read what Valkey has replied to the queued commands."""
    return [
        Count(window, int(replies[COMMANDS * n]), max(1, int(replies[COMMANDS * n + 2])))
        for n, window in enumerate(windows)
    ]


def queue_look(pipe: Pipeline, windows: Sequence[Window]) -> None:
    """Add the commands that read every window without counting."""
    for window in windows:
        pipe.get(window.key)
        pipe.ttl(window.key)


def read_look(replies: Sequence[Any], windows: Sequence[Window]) -> list[Count]:
    """Read what Valkey has replied to the looks."""
    return [
        Count(window, int(replies[2 * n] or 0), max(1, int(replies[2 * n + 1])))
        for n, window in enumerate(windows)
    ]


class LocalWindows:
    """The same in the memory of this process: less exact, since every process counts alone."""

    def __init__(self) -> None:
        """Begin with no window open."""
        self._open: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def count(self, window: Window) -> Count:
        """Count once in a window."""
        now = time.monotonic()
        ends, used = self._open.pop(window.key, (0.0, 0))
        if ends <= now:
            ends, used = now + window.seconds, 0
        self._open[window.key] = (ends, used + 1)
        while len(self._open) > REMEMBERED:
            self._open.popitem(last=False)
        return Count(window, used + 1, max(1, ceil(ends - now)))

    def look(self, window: Window) -> Count:
        """Say how full a window is, without counting."""
        now = time.monotonic()
        ends, used = self._open.get(window.key, (0.0, 0))
        if ends <= now:
            return Count(window, 0, window.seconds)
        return Count(window, used, max(1, ceil(ends - now)))
