"""Running the real command line of a rehearsal, small enough for every change."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 150.0
LOOK_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Rehearsal:
    """An ended rehearsal."""

    code: int
    stdout: str
    stderr: str
    out: Path

    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads((self.out / "report.json").read_text())
        return document

    def slo(self, name: str) -> dict[str, Any]:
        return next(s for s in self.document()["slos"] if s["slo"] == name)


@contextmanager
def started(out: Path, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a rehearsal and make sure that it does not outlive the test."""
    command = [sys.executable, "-m", "loadtests", "rehearse", "--out", str(out), *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def finish(process: subprocess.Popen[str], out: Path) -> Rehearsal:
    stdout, stderr = process.communicate(timeout=PATIENCE_SECONDS)
    return Rehearsal(process.returncode, stdout, stderr, out)


def rehearse(out: Path, *arguments: str, **environment: str) -> Rehearsal:
    with started(out, *arguments, **environment) as process:
        return finish(process, out)


def wait_for(condition: Any, what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(LOOK_EVERY_SECONDS)


def stack_pids(out: Path) -> dict[str, int]:
    pids: dict[str, int] = json.loads((out / "stack.json").read_text())["processes"]
    return pids


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
