"""Telling a person what is going on: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.status import Status

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console

    from loadtests.recording import Progress

# Often enough that nobody thinks it hangs, seldom enough for the log of a pipeline.
PLAIN_EVERY_SECONDS = 5.0


class Screen:
    """Shows steps and progress until its block ends."""

    def __init__(self, console: Console) -> None:
        """Show on a console of stderr, so that stdout holds only results."""
        self._console = console
        self._status = Status("", console=console)
        self._plain_at = 0.0

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._console.is_terminal:
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Leave a clean line."""
        self.close()

    def close(self) -> None:
        """Stop the live line, so that results can be printed below it."""
        if self._console.is_terminal:
            self._status.stop()

    def say(self, step: str) -> None:
        """Name the step that begins."""
        if self._console.is_terminal:
            self._status.update(step)
        else:
            self._console.print(step, highlight=False)

    def show(self, progress: Progress) -> None:
        """Show how far a phase has come."""
        line = (
            f"{progress.phase}: {progress.done} of {progress.of} {progress.unit}, "
            f"{progress.requests:,} requests, {progress.failures:,} failed"
        )
        if self._console.is_terminal:
            self._status.update(line)
        elif time.monotonic() >= self._plain_at:
            self._plain_at = time.monotonic() + PLAIN_EVERY_SECONDS
            self._console.print(line, highlight=False)
