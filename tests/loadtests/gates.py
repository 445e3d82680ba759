"""The gate as a pipeline starts it: the real command, against servers that pretend."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 110.0
# Of the generator itself, by the ids of their checks.
BUSY = {"lag", "generator-cpu"}
TRIES = 3
PASSWORD = "correct horse battery"
SESSIONS = 10
RATE = 40
SECONDS = 5
# What the check of a whole second allows is what is left of it.
SMALL = ("--shape", "smoke", "--rate", str(RATE), "--seconds", str(SECONDS))
LOAD = (*SMALL, "--sessions", str(SESSIONS), "--scrape-interval", "1")
# So that a test of one thing does not depend on all promises.
SLO = "swipe-availability"
REPORTS = ("report.json", "junit.xml", "report.md", "report.html", "petswipe_load.prom")
RULES = """
version: 1
rules:
  - id: few-errors
    reason: A failed request is a swipe that somebody has to repeat.
    over: run
    measure: {kind: errors, operation: all}
    limit:
      at_most: {fail: 10 %}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended, and what it said and wrote."""

    code: int
    stdout: str
    stderr: str
    out: Path

    @property
    def said(self) -> str:
        """Return all that was said, however a table has broken its lines."""
        return " ".join(f"{self.stdout} {self.stderr}".split())

    @property
    def report(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "report.json").read_text())
        return found

    @property
    def failed_checks(self) -> set[str]:
        """Return the checks that made a load no evidence, by their ids."""
        checks = [check for attempt in self.report["attempts"] for check in attempt["checks"]]
        return {check["id"] for check in checks if not check["passed"]}


def arguments(folder: Path, *, api: str, prometheus: str, rules: str = RULES) -> list[str]:
    """Write the files of a small gate into a folder, and return the options that name them."""
    accounts, file = folder / "accounts.txt", folder / "rules.yml"
    accounts.write_text("".join(f"a{n}@example.org\n" for n in range(SESSIONS)))
    file.write_text(rules)
    options = {
        "--host": api,
        "--prometheus-url": prometheus,
        "--accounts": str(accounts),
        "--rules": str(file),
        "--out": str(folder / "out"),
    }
    return [*LOAD, *(word for pair in options.items() for word in pair), SLO]


@contextmanager
def started(*words: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a command of the load tests, and make sure that it does not outlive the test."""
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtests", *words],
        cwd=ROOT,
        env={**os.environ, "PET_LOAD_PASSWORD": PASSWORD, "COLUMNS": "200", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def finish(
    process: subprocess.Popen[str], folder: Path, seconds: float = PATIENCE_SECONDS
) -> Ended:
    stdout, stderr = process.communicate(timeout=seconds)
    return Ended(process.returncode, stdout, stderr, folder / "out")


def gate(folder: Path, *words: str, **environment: str) -> Ended:
    """Run a command of the load tests to its end."""
    with started(*words, **environment) as process:
        return finish(process, folder)


def undisturbed(folder: Path, run: Callable[[Path], Ended]) -> Ended:
    """Run in a new folder, again while a machine that others keep busy says so of itself."""
    for attempt in map(str, range(TRIES)):
        (folder / attempt).mkdir()
        ended = run(folder / attempt)
        if not ended.failed_checks & BUSY or ended.failed_checks - BUSY:
            break
    return ended
