"""Latencies in a fixed number of buckets, each so narrow that three digits are kept.

The buckets are those of an HDR histogram (http://hdrhistogram.org): every power of two is cut
into 1024 equal parts, so that a bucket's edge is never further than 1/1024 from what it holds.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TypeAlias, TypedDict

from loadtests.errors import InvalidRun

PARTS = 1024
LOWEST_SECONDS = 1e-6
HIGHEST_SECONDS = 60.0


class HistogramMessage(TypedDict):
    """What a worker sends of one histogram: pairs of a bucket's number and its count."""

    counts: list[list[int]]
    overflow: int


Message: TypeAlias = dict[str, HistogramMessage]


def _bucket(seconds: float) -> int:
    mantissa, exponent = math.frexp(seconds)
    return exponent * PARTS + int(mantissa * 2 * PARTS)


def _upper_edge(bucket: int) -> float:
    exponent, part = divmod(bucket + 1 - PARTS, PARTS)
    return math.ldexp(PARTS + part, exponent - PARTS.bit_length())


FIRST_BUCKET = _bucket(LOWEST_SECONDS)
LAST_BUCKET = _bucket(HIGHEST_SECONDS)
_ALL = range(FIRST_BUCKET, LAST_BUCKET + 1)
BUCKETS = len(_ALL)


class Histogram:
    """Counts of durations from 1 µs to 60 s; what is shorter counts as 1 µs, longer as overflow."""

    __slots__ = ("_counts", "overflow")

    def __init__(self) -> None:
        """Start empty."""
        # Only buckets in use are kept, BUCKETS at most; a run seldom fills a thousand.
        self._counts: dict[int, int] = {}
        self.overflow = 0

    def record(self, seconds: float) -> None:
        """Count one duration; raises ValueError for a negative one and for NaN."""
        if seconds > HIGHEST_SECONDS:
            self.overflow += 1
            return
        if not seconds >= 0:
            raise ValueError(f"a duration of {seconds} s cannot be recorded")
        bucket = _bucket(seconds) if seconds > LOWEST_SECONDS else FIRST_BUCKET
        self._counts[bucket] = self._counts.get(bucket, 0) + 1

    def merge(self, other: Histogram) -> None:
        """Add what the other one has counted."""
        for bucket, count in other._counts.items():
            self._counts[bucket] = self._counts.get(bucket, 0) + count
        self.overflow += other.overflow

    @property
    def total(self) -> int:
        """Return how many durations were recorded, overflow included."""
        return sum(self._counts.values()) + self.overflow

    def counts(self) -> list[tuple[float, int]]:
        """Return pairs of seconds and count in rising order, overflow last as infinity.

        The seconds are the bucket's upper edge: at most 0.1 % more than was measured, never less.
        """
        pairs = [(_upper_edge(bucket), count) for bucket, count in sorted(self._counts.items())]
        return [*pairs, (math.inf, self.overflow)] if self.overflow else pairs

    def below(self, seconds: float) -> tuple[int, int]:
        """Count the durations that were surely shorter, and those of the bucket that this cuts.

        Nobody knows on which side of it the latter were; a bucket's own edge cuts none.
        """
        cut = _bucket(seconds)
        shorter = sum(count for bucket, count in self._counts.items() if bucket < cut)
        return shorter, 0 if seconds == _upper_edge(cut - 1) else self._counts.get(cut, 0)

    def quantile(self, share: float) -> float | None:
        """Return the seconds within which this share of all durations stayed, by nearest rank.

        None when nothing was recorded, infinity when the rank is in the overflow. Raises
        ValueError unless 0 ≤ share ≤ 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"{share} is no share between 0 and 1")
        # As written: 0.07 of 100 is the 7th, where floats would say the 8th.
        rank = math.ceil(Fraction(str(share)) * self.total)
        for seconds, count in self.counts():
            rank -= count
            if rank <= 0:
                return seconds
        return None

    def message(self) -> HistogramMessage:
        """Return the counts as lists and numbers, for JSON and msgpack."""
        pairs = [[bucket, count] for bucket, count in sorted(self._counts.items())]
        return {"counts": pairs, "overflow": self.overflow}

    @classmethod
    def from_message(cls, message: object) -> Histogram:
        """Read back what message() has written; raises InvalidRun for anything else."""
        histogram = cls()
        match message:
            case {"counts": list(pairs), "overflow": int(overflow)} if overflow >= 0:
                histogram.overflow = overflow
            case _:
                raise InvalidRun("a worker has sent a histogram without counts and overflow")
        for pair in pairs:
            match pair:
                case [int(bucket), int(count)] if bucket in _ALL and count > 0:
                    histogram._counts[bucket] = histogram._counts.get(bucket, 0) + count
                case _:
                    raise InvalidRun(f"a worker has sent a histogram with {pair!r} as a count")
        return histogram


class StepHistograms:
    """One histogram for every step of a schedule, by its name."""

    def __init__(self) -> None:
        """Start empty."""
        self.steps: dict[str, Histogram] = {}

    def record(self, step: str, seconds: float) -> None:
        """Count one duration of a step; raises ValueError for a negative one and for NaN."""
        self._of(step).record(seconds)

    def merge(self, other: StepHistograms) -> None:
        """Add what the other one has counted, step by step."""
        for step, histogram in other.steps.items():
            self._of(step).merge(histogram)

    def message(self) -> Message:
        """Return all steps for a message from a Locust worker to its master."""
        return {step: histogram.message() for step, histogram in self.steps.items()}

    @classmethod
    def from_message(cls, message: object) -> StepHistograms:
        """Read back what message() has written; raises InvalidRun for anything else."""
        if not isinstance(message, dict) or not all(isinstance(step, str) for step in message):
            raise InvalidRun("a worker has sent something else than histograms by step")
        read = cls()
        read.steps = {step: Histogram.from_message(part) for step, part in message.items()}
        return read

    def _of(self, step: str) -> Histogram:
        histogram = self.steps.get(step)
        if histogram is None:
            histogram = self.steps[step] = Histogram()
        return histogram
