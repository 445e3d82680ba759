"""The benches and their loads as programs, each run to its end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[3]


def bench(*words: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m loadtests bench`; the time limit of the test is that of the program."""
    return subprocess.run(
        [sys.executable, "-m", "loadtests", "bench", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def exchange(module: str, told: Iterable[object]) -> list[dict[str, Any]]:
    """Tell a program a line of JSON each, and return what it tells."""
    done = subprocess.run(
        [sys.executable, "-m", module],
        cwd=ROOT,
        input="\n".join(map(json.dumps, told)),
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
