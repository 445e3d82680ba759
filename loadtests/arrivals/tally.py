"""Counts of durations between fixed edges, cheap enough to be told twice a second."""

from __future__ import annotations

from bisect import bisect_left
from typing import TypeAlias

# The seconds of all together, and how many were within each edge and no lower one, then past all.
TallyMessage: TypeAlias = tuple[float, list[int]]


class Tally:
    """What a classic histogram of Prometheus counts of one thing."""

    __slots__ = ("_edges", "counts", "seconds")

    def __init__(self, edges: tuple[float, ...]) -> None:
        """Count between these edges, in seconds."""
        self._edges = edges
        self.counts = [0] * (len(edges) + 1)
        self.seconds = 0.0

    def record(self, seconds: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self._edges, seconds)] += 1
        self.seconds += seconds

    def never(self, seconds: float) -> None:
        """Count one that did not come to its end, in the seconds until that was known."""
        self.counts[-1] += 1
        self.seconds += seconds

    def message(self) -> TallyMessage:
        """Return it for JSON and msgpack."""
        return self.seconds, list(self.counts)


def added(messages: list[TallyMessage]) -> TallyMessage:
    """Return all of these together; there is one at least."""
    seconds, counts = zip(*messages, strict=True)
    return sum(seconds), [sum(column) for column in zip(*counts, strict=True)]
