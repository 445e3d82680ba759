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
# Two workers, PostgreSQL, and the load with whatever else there is.
ENOUGH_TO_SPARE = 4
# Children may end while they are counted, and be counted again by whoever started them.
LOOKS = 50
LOOK_AGAIN_SECONDS = 0.002
# The clock of a process in Linux: its id inverted, three bits for the kind of clock.
ID_SHIFT, SCHEDULED = 3, 2
# Fields of /proc/PID/stat behind the name of the program.
PARENT, CHILDREN_USER, CHILDREN_SYSTEM = 1, 13, 14


@dataclass(frozen=True, slots=True)
class Cores:
    """The server that is measured has a core to itself, everything else shares the others."""

    server: frozenset[int]
    others: frozenset[int]
    # Kept for the second worker of a server that has two; none where there are too few.
    spare: frozenset[int] = frozenset()

    @property
    def apart(self) -> bool:
        """Say whether the server is alone; on a single core it cannot be."""
        return not self.server & self.others

    def of(self, workers: int) -> frozenset[int]:
        """Return the cores of a server with so many workers: those of all where none is spare."""
        return self.server if workers == 1 else self.server | (self.spare or self.others)


def choose_cores(*, spare: bool = False) -> Cores:
    """Share out the cores that this process may use, with a spare one if asked and to be had.

    Raises MisuseError where it cannot tell.
    """
    if sys.platform != "linux":
        raise MisuseError("CPU time is read as only Linux tells it: measure on Linux")
    usable = sorted(os.sched_getaffinity(0))
    if spare and len(usable) >= ENOUGH_TO_SPARE:
        return Cores(frozenset(usable[:1]), frozenset(usable[2:]), frozenset(usable[1:2]))
    return Cores(frozenset(usable[:1]), frozenset(usable[1:]) or frozenset(usable))


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
    """Let a running process and its children use these cores only: all threads, now and later."""
    for member in (pid, *_descendants(pid)):
        for thread in (PROC / str(member) / "task").iterdir():
            os.sched_setaffinity(int(thread.name), cores)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of all that it has started, ended threads included.

    User and system time, to the nanosecond but for children that have ended. Raises
    ProcessLookupError when there is no such process.
    """
    ticks = os.sysconf("SC_CLK_TCK")
    for _ in range(LOOKS):
        family = [pid, *_descendants(pid)]
        try:
            return sum(_clock(member) + _of_ended_children(member) / ticks for member in family)
        except ProcessLookupError:
            # A child has ended meanwhile, and its parent counts it; or the process itself has.
            _clock(pid)
            time.sleep(LOOK_AGAIN_SECONDS)
    raise ProcessLookupError(f"the children of process {pid} end faster than they can be counted")


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
