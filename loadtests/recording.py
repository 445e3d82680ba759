"""How a generator tells its parent how far it is: a line of JSON through a pipe."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One line of progress; `phase` is `prepare` or `load`."""

    phase: str
    done: int
    of: int
    unit: str
    requests: int
    failures: int


def send(descriptor: int, progress: Progress) -> None:
    """Write one line of progress to the parent's pipe."""
    os.write(descriptor, json.dumps(asdict(progress)).encode() + b"\n")
