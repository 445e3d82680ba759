"""Walks as a pipeline begins them, and those under way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.slo.canary.play import CANARY, LOOK_SECONDS, STABLE, Receiver
from tests.slo.conftest import PATIENCE_SECONDS

ROOT = Path(__file__).parents[3]
Walk = Callable[..., subprocess.CompletedProcess[str]]


def command(url: str, *further: str) -> list[str]:
    return [
        *(sys.executable, "-m", "slo", "canary", "--prometheus-url", url),
        *("--canary", CANARY, "--stable", STABLE, *further),
    ]


# Fewer steps take less time.
HALVES = ("--weights", "50,100")
FAST = ("--seconds-a-step", "0.5", "--most-seconds-a-step", "4", "--look-every", "0.25")


def run(url: str, *further: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(url, *further),
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def whole(receiver: Receiver, folder: Path) -> tuple[str, ...]:
    """Give the options of a fast walk."""
    return (*FAST, "--webhook-url", receiver.url, "--state", str(folder / "state.json"))


@dataclass
class Walking:
    """A walk under way."""

    process: subprocess.Popen[str]
    out: Path
    path: Path
    code: int = -1

    def state(self) -> str:
        return self.path.read_text() if self.path.exists() else ""

    def written(self) -> str:
        return self.out.read_text()

    def end(self) -> tuple[str, str]:
        """Wait for its end, and return what it wrote."""
        _, error = self.process.communicate(timeout=PATIENCE_SECONDS)
        self.code = self.process.returncode
        return self.written(), error


Start = Callable[..., Walking]


def until(true: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS)
