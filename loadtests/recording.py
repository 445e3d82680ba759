"""What the generator process remembers of its requests, and how it tells its parent."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# A request that got no answer at all; nobody knows whether the server did it.
UNANSWERED = 0


@dataclass(slots=True)
class Operation:
    """One operation's answers by status, and how long each took in milliseconds."""

    answers: Counter[int] = field(default_factory=Counter)
    milliseconds: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of progress; `phase` is `log in` or `load`."""

    phase: str
    done: int
    of: int
    requests: int
    failures: int
    unit: str


class Recorder:
    """Counts every request of one generator process."""

    def __init__(self, adopters: int) -> None:
        """Expect this many adopters to log in."""
        self.adopters = adopters
        self.logged_in = 0
        self.refused: list[str] = []
        self.operations: dict[str, Operation] = {}
        self.started = time.time()
        self.load_started = 0.0
        self.load_ended = 0.0
        self.complete = False

    def add(self, name: str, status: int, milliseconds: float) -> None:
        """Count one request."""
        operation = self.operations.setdefault(name, Operation())
        operation.answers[status] += 1
        operation.milliseconds.append(milliseconds)

    @property
    def requests(self) -> int:
        """Return the number of requests so far."""
        return sum(operation.answers.total() for operation in self.operations.values())

    @property
    def failures(self) -> int:
        """Return the number of requests without an answer or with a server error."""
        return sum(
            count
            for operation in self.operations.values()
            for status, count in operation.answers.items()
            if status == UNANSWERED or status >= 500  # server errors
        )

    def write(self, path: Path) -> None:
        """Write everything in one step, so that a half-written result cannot be read."""
        document = {
            "adopters": self.adopters,
            "logged_in": self.logged_in,
            "refused": self.refused[:10],
            "started": self.started,
            "load_started": self.load_started,
            "load_ended": self.load_ended,
            "complete": self.complete,
            "operations": {
                name: {
                    "answers": {str(k): v for k, v in sorted(operation.answers.items())},
                    "milliseconds": [round(ms, 3) for ms in operation.milliseconds],
                }
                for name, operation in sorted(self.operations.items())
            },
        }
        part = path.with_suffix(".part")
        part.write_text(json.dumps(document))
        part.replace(path)


def send(descriptor: int, progress: Progress) -> None:
    """Write one line of progress to the parent's pipe."""
    os.write(descriptor, json.dumps(asdict(progress)).encode() + b"\n")
