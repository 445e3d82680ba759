"""Writes lines to a pipe or file from a thread of its own, so that nobody waits for its reader.

Lines leave within a tenth of a second; what a process that is killed had queued is lost.
"""

from __future__ import annotations

import errno
import os
import select
from collections import defaultdict, deque
from dataclasses import dataclass, field
from threading import Event, RLock, Thread
from time import monotonic
from typing import TYPE_CHECKING

from app.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Callable

STDOUT = 1
NEWLINE = ord("\n")
# With lines of MOST_LINE bytes they hold at most 32 MB.
MOST_LINES = 8192
# Linux takes so many bytes into a pipe in one piece or not at all: lines of processes that share
# one never mix, and a pipe that has room for them never makes a writer wait.
MOST_LINE = 4096
# One wake-up of the thread for all lines of this time costs far less than one for each.
GATHER_SECONDS = 0.1
LOOK_SECONDS = 0.1
CLOSE_SECONDS = 1.0
# How long a thread that is giving up may take to say so.
GIVE_UP_SECONDS = 0.25
GONE = frozenset({errno.EPIPE, errno.EBADF, errno.ECONNRESET})


@dataclass(slots=True)
class LogCounts:
    """What became of every line: accepted = written + dropped + queued, at any moment."""

    accepted: int = 0
    written: int = 0
    queued: int = 0
    # Dropped lines by reason.
    reasons: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def dropped(self) -> int:
        """Count all that nobody will read."""
        return sum(self.reasons.values())


class LogWriter:
    """Takes whole lines without ever waiting; lines that find no room are dropped and counted.

    Its reader is told how many those were, in one line, once it has read what was queued before.
    """

    def __init__(self, tell_lost: Callable[[int], bytes], fd: int = STDOUT) -> None:
        """Take the open file, and how a number of lost lines becomes a line."""
        self._tell_lost = tell_lost
        self._fd = fd
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)
        # A finaliser may log while its thread is in here, so both of these let it in again.
        self._lock = RLock()
        self._wake = Wake()
        self._waiting: deque[bytes] = deque()
        self._in_hand = 0
        self._counts = LogCounts()
        # Lost lines of which no line tells yet, and those of which the one in hand does.
        self._untold = 0
        self._telling = 0
        self._failing = False
        self._asleep = False
        # Half a line has been written; the next one begins on its own.
        self._torn = False
        self._gone = False
        self._closing = Event()
        self._until = 0.0
        self._thread = Thread(target=self._run, name="log", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def write(self, line: bytes) -> None:
        """Queue a line, its newline included, or drop it."""
        with self._lock:
            self._counts.accepted += 1
            if self._closing.is_set():
                self._drop(1, "shutdown")
            elif self._gone:
                self._drop(1, "closed")
            elif len(line) > MOST_LINE:
                self._drop(1, "too_long")
            elif len(self._waiting) >= MOST_LINES:
                self._drop(1, "queue_full")
                self._untold += 1
            else:
                self._waiting.append(line)
            wake, self._asleep = self._asleep, False
        if wake:
            self._wake.call()

    def drop(self, reason: str) -> None:
        """Count a line that could not be made."""
        with self._lock:
            self._counts.accepted += 1
            self._drop(1, reason)

    def counts(self) -> LogCounts:
        """Read all counts at one moment."""
        with self._lock:
            now = self._counts
            queued = len(self._waiting) + self._in_hand
            return LogCounts(now.accepted, now.written, queued, dict(now.reasons))

    def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Write what is queued for so long, then let go of the rest and count it as dropped."""
        self._until = monotonic() + seconds
        self._closing.set()
        self._wake.call()
        if self._thread.is_alive():
            self._thread.join(seconds + GIVE_UP_SECONDS)
        with self._lock:
            self._drop(len(self._waiting) + self._in_hand, "shutdown")
            self._waiting.clear()
            self._in_hand = 0

    def _drop(self, count: int, reason: str) -> None:
        if count:
            # Without a call in between, nothing that logs can interrupt reading and storing it.
            self._counts.reasons[reason] += count

    def _run(self) -> None:
        while self._wait():
            while chunk := self._take():
                done, reason = self._send(chunk)
                self._account(chunk, done, reason)
                if self._gone or reason == "shutdown":
                    return

    def _wait(self) -> bool:
        """Wait for lines, and a moment for more of them; False when there will be no more."""
        with self._lock:
            idle = not self._waiting
            self._asleep = idle and not self._closing.is_set()
            asleep = self._asleep
        if asleep:
            self._wake.wait()
        self._closing.wait(GATHER_SECONDS)
        return bool(self._waiting) or not self._closing.is_set()

    def _take(self) -> bytes:
        """Take as many lines as leave in one piece."""
        with self._lock:
            if self._untold and not self._waiting and not self._failing:
                # Once for each stall: nothing of what came before it waits any more.
                self._telling, self._untold = self._untold, 0
                self._counts.accepted += 1
                self._waiting.append(self._tell_lost(self._telling))
            lines: list[bytes] = []
            size = 0
            while self._waiting and size + len(self._waiting[0]) <= MOST_LINE:
                lines.append(self._waiting.popleft())
                size += len(lines[-1])
            self._in_hand = len(lines)
        return b"".join(lines)

    def _send(self, chunk: bytes) -> tuple[int, str]:
        """Write a chunk; returns how many of its bytes have left, and why not all."""
        rest = memoryview(b"\n" + chunk if self._torn else chunk)
        surplus = len(rest) - len(chunk)
        written = 0
        while rest[written:]:
            left = LOOK_SECONDS if not self._closing.is_set() else self._until - monotonic()
            if left <= 0:
                return max(0, written - surplus), "shutdown"
            if not self._poll.poll(1000 * min(left, LOOK_SECONDS)):
                continue
            try:
                written += os.write(self._fd, rest[written:])
                self._torn = rest[written - 1] != NEWLINE
            except BlockingIOError:
                self._closing.wait(GATHER_SECONDS)
            except OSError as error:
                reason = "closed" if error.errno in GONE else "failed"
                return max(0, written - surplus), reason
        return len(chunk), ""

    def _account(self, chunk: bytes, done: int, reason: str) -> None:
        with self._lock:
            if not self._in_hand:
                # `close` has given up waiting and counted them.
                return
            whole = chunk.count(b"\n", 0, done)
            self._counts.written += whole
            self._drop(self._in_hand - whole, reason)
            self._failing = reason == "failed"
            if self._failing:
                self._untold += self._telling or self._in_hand - whole
            self._telling = 0
            self._in_hand = 0
            if reason == "closed":
                self._gone = True
                self._drop(len(self._waiting), reason)
                self._waiting.clear()
