"""Deadlines of many tasks at once: for each a place in a line instead of a timer of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task, TimerHandle


class Deadlines:
    """Cancels tasks that take longer than so many seconds.

    All have the same time, so who came first is due first, and one timer is enough. Used by one
    event loop at a time.
    """

    def __init__(self, seconds: float) -> None:
        """Begin with nobody in line."""
        self._seconds = seconds
        self._due: dict[Task[Any], float] = {}
        self._late: set[Task[Any]] = set()
        self._timer: TimerHandle | None = None
        self._loop: AbstractEventLoop

    def begin(self) -> Task[Any]:
        """Give the current task its time from now on, and return it."""
        if not self._due:
            # Everybody in line is of this loop, and until Python 3.12 asking is a system call.
            self._loop = asyncio.get_running_loop()
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101  # of a coroutine it never is
        due = self._due[task] = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)
        return task

    def end(self, task: Task[Any]) -> bool:
        """Let a task go; returns whether it is late and was cancelled for that alone."""
        self._due.pop(task, None)
        if not self._due and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if task not in self._late:
            return False
        self._late.discard(task)
        return task.uncancel() == 0

    def _look(self) -> None:
        """Cancel who is due, and look again when the next one is."""
        self._timer = None
        now = self._loop.time()
        while self._due:
            task, due = next(iter(self._due.items()))
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
