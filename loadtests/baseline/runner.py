"""The machine that measures: what must be the same for its times to be compared."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun

if TYPE_CHECKING:
    from loadtests.baseline.model import Facts

CPUINFO = Path("/proc/cpuinfo")
# Intel and AMD name the model, ARM has numbers for it.
MODEL, ARM = ("model name",), ("CPU implementer", "CPU part")
GIB = 1 << 30


def runner(cpuinfo: Path = CPUINFO) -> Facts:
    """Tell the machine by its processor, cores, memory, Python and system.

    Memory in whole GiB, as kernels keep a little for themselves; of Python and the kernel no
    patches, which do not change how fast they are. Raises InvalidRun when it cannot be told.
    """
    version = platform.python_version_tuple()
    return {
        "cpu": _cpu(cpuinfo),
        "cores": str(_cores()),
        "memory": f"{round(_memory() / GIB)} GiB",
        "python": f"{platform.python_implementation()} {'.'.join(version[:2])}",
        "system": f"{platform.system()} {platform.release().split('.')[0]} {platform.machine()}",
    }


def _cpu(cpuinfo: Path) -> str:
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    # Of several processors the last one tells for all.
    facts = {
        name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    for names in (MODEL, ARM):
        if all(facts.get(name) for name in names):
            return " ".join(facts[name] for name in names)
    if told := platform.processor():
        return told
    raise InvalidRun("this machine does not tell its processor: no baseline can be compared here")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
