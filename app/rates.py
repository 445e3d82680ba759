"""Counting within a window of time: in Valkey for all processes, in this one when it is away."""

from __future__ import annotations

import time
from collections import OrderedDict
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

from app.shared_pipeline import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio.client import Pipeline

# Keys that one process remembers while Valkey is away; the oldest go first.
REMEMBERED = 20_000


class Window(NamedTuple):
    """A limit for whoever the key names: so many within so many seconds, from the first on."""

    policy: str
    key: str
    limit: int
    seconds: int


class Count(NamedTuple):
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


# Reads the first key, unless it has no name, and counts once in each of the others: a window that
# has no end yet ends after the seconds that are its argument, so that no key stays for ever.
COUNT = Script(
    """
    local found = {KEYS[1] ~= '' and redis.call('GET', KEYS[1])}
    for i = 2, #KEYS do
      local used = redis.call('INCR', KEYS[i])
      local left = redis.call('TTL', KEYS[i])
      if left < 0 then
        left = tonumber(ARGV[i - 1])
        redis.call('EXPIRE', KEYS[i], left)
      end
      found[2 * i - 2], found[2 * i - 1] = used, left
    end
    return found
    """
)


def arguments(first: str, windows: Sequence[Window]) -> tuple[list[str], list[int]]:
    """Return the keys and arguments with which the script counts once in every window."""
    return [first, *[window.key for window in windows]], [window.seconds for window in windows]


def read(reply: Sequence[Any], windows: Sequence[Window]) -> list[Count]:
    """Read what the script has counted; its reply begins with the first key's value."""
    return [
        Count(window, reply[2 * n + 1], reply[2 * n + 2] or 1) for n, window in enumerate(windows)
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
