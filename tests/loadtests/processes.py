"""Who was started by whom, and whether somebody is still there."""

from __future__ import annotations

import os
from pathlib import Path


def children(parent: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def descendants(parent: int) -> list[int]:
    found = children(parent)
    return found + [pid for child in found for pid in descendants(child)]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
