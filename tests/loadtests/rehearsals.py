"""The real command line of a rehearsal, small enough for every change."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.loadtests.gates import Ended, finish, started

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 240.0
SESSIONS = ("--sessions", "12")
SMALL = ("--once", "--shape", "smoke", "--rate", "25", "--seconds", "8", *SESSIONS)


def rehearse(folder: Path, *words: str, **environment: str) -> Ended:
    """Run a rehearsal to its end; it writes to the folder `out` below."""
    with started("rehearse", "--out", str(folder / "out"), *words, **environment) as process:
        return finish(process, folder, PATIENCE_SECONDS)


def stack_pids(out: Path) -> dict[str, int]:
    """Return the processes of the stack by their names."""
    pids: dict[str, int] = json.loads((out / "stack.json").read_text())["processes"]
    return pids
