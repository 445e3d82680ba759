"""The machine under a measurement: which cores are whose, and what a process has used of them."""

from __future__ import annotations

import os
import platform
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.errors import MisuseError

if TYPE_CHECKING:
    from collections.abc import Iterator

PROC = Path("/proc")
# The clock of a process in Linux: its id inverted, three bits for the kind of clock.
ID_SHIFT, SCHEDULED = 3, 2
# Fields of /proc/PID/stat behind the name of the program.
PARENT, CHILDREN_USER, CHILDREN_SYSTEM = 1, 13, 14


@dataclass(frozen=True, slots=True)
class Cores:
    """The server that is measured has a core to itself, everything else shares the others."""

    server: frozenset[int]
    others: frozenset[int]

    @property
    def apart(self) -> bool:
        """Say whether the server is alone; on a single core it cannot be."""
        return not self.server & self.others


def choose_cores() -> Cores:
    """Share out the cores that this process may use; raises MisuseError where it cannot tell."""
    if sys.platform != "linux":
        raise MisuseError("CPU time is read as only Linux tells it: measure on Linux")
    usable = sorted(os.sched_getaffinity(0))
    others = frozenset(usable[1:]) or frozenset(usable)
    return Cores(frozenset(usable[:1]), others)


@contextmanager
def pinned(cores: frozenset[int]) -> Iterator[None]:
    """Let processes that are started inside run on these cores only."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin(pid: int, cores: frozenset[int]) -> None:
    """Let a running process use these cores only: every thread that it has or will have."""
    for thread in (PROC / str(pid) / "task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of all that it has started, ended threads included.

    User and system time, to the nanosecond but for children that have ended. Raises
    ProcessLookupError when there is no such process.
    """
    family = [pid, *_descendants(pid)]
    ticks = os.sysconf("SC_CLK_TCK")
    return sum(_clock(member) + _of_ended_children(member) / ticks for member in family)


def _clock(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << ID_SHIFT | SCHEDULED)
    except OSError:
        raise ProcessLookupError(f"process {pid} has ended") from None


def _of_ended_children(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[CHILDREN_USER]) + int(fields[CHILDREN_SYSTEM])


def _descendants(pid: int) -> list[int]:
    parents: dict[int, int] = {}
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            try:
                parents[int(folder.name)] = int(_stat(int(folder.name))[PARENT])
            except ProcessLookupError:
                continue
    found = [pid]
    for parent in found:
        found += [child for child, of in parents.items() if of == parent]
    return found[1:]


def _stat(pid: int) -> list[str]:
    try:
        # The name of the program may hold blanks and parentheses.
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        raise ProcessLookupError(f"process {pid} has ended") from None


def describe_machine() -> dict[str, object]:
    """Name what the numbers depend on."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)),
    }
