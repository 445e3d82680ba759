"""Telling a person how far rehearsals have come, once they take a while."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.status import Status

if TYPE_CHECKING:
    from rich.console import Console

# What is sooner over needs no progress; a log gets a line as seldom as this.
SILENT_SECONDS, PLAIN_EVERY_SECONDS = 2.0, 5.0


class Progress:
    """A live line on a terminal, plain lines elsewhere; call it, and close it in the end."""

    def __init__(self, console: Console, patience: float = SILENT_SECONDS) -> None:
        """Show on a console of stderr, so that stdout holds only results; `patience` in seconds."""
        self._console = console
        self._status = Status("", console=console)
        self._next = time.monotonic() + patience

    def __call__(self, done: int, of: int) -> None:
        """Show how many of promtool's files are done."""
        if time.monotonic() < self._next:
            return
        line = f"rehearsed {done} of {of} files of cases"
        if self._console.is_terminal:
            self._status.update(line)
            self._status.start()
        else:
            self._next = time.monotonic() + PLAIN_EVERY_SECONDS
            self._console.print(line, highlight=False)

    def close(self) -> None:
        """Leave a clean line."""
        self._status.stop()
