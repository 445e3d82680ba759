"""Carries what a process tells to a collector: a bounded queue, one thread, and exact counts.

OpenTelemetry's exporters do the sending. What the SDK would add around them is ours, because its
shutdown waits half a minute for a collector that is gone and says that everything was delivered.
"""

from __future__ import annotations

import logging
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from threading import RLock, Thread, get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from app.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")
LOG = logging.getLogger("app.telemetry")
BATCH = 512
# As OpenTelemetry: what a call costs is shared by all that has come since the last one.
FLUSH_SECONDS = 5.0


class Exporter(Protocol):
    """What OpenTelemetry's exporters have in common."""

    def export(self, batch: Sequence[Any], /) -> object:
        """Send a batch and say whether the collector has taken it."""

    def shutdown(self) -> None:
        """Send nothing from now on."""


@dataclass(slots=True)
class Counts:
    """What became of every item: taken = exported + dropped + queued, at any moment."""

    taken: int = 0
    exported: int = 0
    queued: int = 0
    # By reason.
    dropped: dict[str, int] = field(default_factory=dict)


class Carrier(Generic[T]):
    """Takes items without ever waiting, and sends them from a thread of its own."""

    # What its items are called.
    what: ClassVar[str]
    most: ClassVar[int]
    # How an exporter says that the collector has taken a batch.
    success: ClassVar[object]
    close_seconds: ClassVar[float]

    def __init__(self, exporter: Exporter, readable: Callable[[T], object]) -> None:
        """Take the exporter, and what makes of an item what it takes or raises.

        Nothing is sent before `start`.
        """
        self._exporter = exporter
        self._readable = readable
        # A finaliser may put an item in while its thread is in here, so both let it in again.
        self._lock = RLock()
        self._wake = Wake()
        self._waiting: deque[T] = deque()
        self._in_hand: list[T] = []
        self._counts = Counts(dropped=defaultdict(int))
        self._called = False
        self._closing = False
        self._failing = False
        self._thread = Thread(target=self._run, name=self.what, daemon=True)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def counts(self) -> Counts:
        """Read all counts at one moment."""
        with self._lock:
            now = self._counts
            queued = len(self._waiting) + len(self._in_hand)
            return Counts(now.taken, now.exported, queued, dict(now.dropped))

    def is_sender(self) -> bool:
        """Say whether the caller is the thread that sends."""
        return get_ident() == self._thread.ident

    def put(self, items: Sequence[T]) -> str:
        """Queue items, all or none; returns why they are lost, or nothing."""
        count, lost = len(items), ""
        with self._lock:
            self._counts.taken += count
            if self._closing:
                lost = "shutdown"
            elif len(self._waiting) + count > self.most:
                lost = "queue_full"
            else:
                self._waiting.extend(items)
            if lost:
                self._drop(count, lost)
            wake = not self._called and len(self._waiting) >= BATCH
            self._called = self._called or wake
        if wake:
            self._wake.call()
        return lost

    def drop(self, count: int, reason: str) -> None:
        """Count items that are not even put in."""
        with self._lock:
            self._counts.taken += count
            self._drop(count, reason)

    def close(self, seconds: float | None = None) -> None:
        """Send what is queued for so long, then let go of the rest and count it as dropped."""
        until = monotonic() + (self.close_seconds if seconds is None else seconds)
        with self._lock:
            self._closing = True
        self._wake.call()
        if self._thread.is_alive():
            self._thread.join(max(0.0, until - monotonic()))
        with self._lock:
            self._drop(len(self._waiting) + len(self._in_hand), "shutdown")
            self._waiting.clear()
            self._in_hand = []
        self._exporter.shutdown()

    def _drop(self, count: int, reason: str) -> None:
        if count:
            # No call in between, in which a finaliser could count as well.
            self._counts.dropped[reason] += count

    def _run(self) -> None:
        closing = False
        while not closing:
            self._wake.wait(FLUSH_SECONDS)
            with self._lock:
                self._called = False
                # Before the last look at what waits: nothing comes after it.
                closing = self._closing
            if not self._send_waiting():
                return

    def _send_waiting(self) -> bool:
        """Send what waits; False when there is no time left for a collector that takes nothing."""
        least = 1
        while batch := self._take(least):
            records, invalid = self._convert(batch)
            taken = self._export(records)
            self._account(batch, invalid, taken=taken)
            if self._closing and not taken:
                return False
            # A few items that came meanwhile wait for company.
            least = 1 if self._closing else BATCH
        return True

    def _take(self, least: int) -> list[T]:
        with self._lock:
            count = min(BATCH, len(self._waiting)) if len(self._waiting) >= least else 0
            self._in_hand = [self._waiting.popleft() for _ in range(count)]
            return self._in_hand

    def _convert(self, batch: list[T]) -> tuple[list[object], int]:
        """Return the batch as the exporter takes it, and how many of its items it would not."""
        records = []
        for item in batch:
            with suppress(Exception):  # whatever is wrong with it must not cost the others
                records.append(self._readable(item))
        return records, len(batch) - len(records)

    def _export(self, records: list[object]) -> bool:
        if not records:
            return not self._failing
        try:
            return self._exporter.export(records) is self.success
        except Exception:  # whatever an exporter raises must not end the thread
            if not self._failing:
                LOG.exception("%s could not be exported", self.what)
            return False

    def _account(self, batch: list[T], invalid: int, *, taken: bool) -> None:
        with self._lock:
            if self._in_hand is not batch:
                # `close` has given up waiting and counted them.
                return
            self._in_hand = []
            self._drop(invalid, "invalid")
            if taken:
                self._counts.exported += len(batch) - invalid
            else:
                self._drop(len(batch) - invalid, "refused")
        if taken == self._failing:
            # Once for each change, not for each batch.
            self._failing = not taken
            LOG.warning(
                "the collector takes %s", f"{self.what} again" if taken else f"no {self.what}"
            )
