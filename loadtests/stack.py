"""The embedded stack as a child process of a rehearsal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun, LoadTestError, MisuseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parent.parent
START_SECONDS = 180  # the first start fetches Prometheus
STOP_SECONDS = 60
# A stack that has lost a server stops the others within about a second.
END_SECONDS = 5
LOOK_EVERY_SECONDS = 0.1
COMMAND_SECONDS = 120
MISUSE = 2


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack: where its servers are, and whether it still stands."""

    api: str
    prometheus: str
    targets: int
    target_files: Path
    processes: dict[str, int]
    environment: dict[str, str]
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise InvalidRun, with the stack's own words, when it has ended."""
        if self.process.poll() is not None:
            raise InvalidRun(f"the stack went down during the run: {_last_words(self.log)}")

    def wait_for_end(self) -> None:
        """Give a stack that is going down the time to say why; returns when it has ended or not."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(END_SECONDS)

    def command(self, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
        """Run a command of the service against this stack and return what it prints."""
        done = subprocess.run(  # noqa: S603  # our own command
            [sys.executable, "-m", "app", *arguments],
            env={**os.environ, **self.environment, **(environment or {})},
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=COMMAND_SECONDS,
        )
        if done.returncode != 0:
            words = done.stderr.strip().splitlines() or ["no word"]
            raise LoadTestError(f"python -m app {arguments[0]} failed: {words[-1]}")
        return done.stdout

    def rows(self) -> dict[str, int]:
        """Count the rows of every table."""
        counts: dict[str, int] = json.loads(self.command("rows"))
        return counts


def name_target(target_files: Path, job: str, port: int) -> None:
    """Let a running Prometheus scrape a port of this machine as this job, and no other for it."""
    path = target_files / f"{job}.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps([{"targets": [f"127.0.0.1:{port}"]}]))
    part.replace(path)


@contextmanager
def embedded_stack(
    out: Path,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    say: Callable[[str], None],
) -> Iterator[Stack]:
    """Start `python -m app up`, yield it once everything is up, stop it in every case.

    Raises MisuseError when the stack refuses its settings, LoadTestError when it cannot start.
    """
    out.mkdir(parents=True, exist_ok=True)
    log, state = out / "stack.log", out / "stack.json"
    command = [sys.executable, "-m", "app", "up", *arguments]
    command += ["--out", str(out.resolve()), "--state", str(state.resolve())]
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603  # our own command
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches the rehearsal, which stops the stack
        )
    try:
        yield _wait(process, log, state, say)
    finally:
        # It holds passwords of servers that are about to be gone.
        state.unlink(missing_ok=True)
        _stop(process)


def _wait(
    process: subprocess.Popen[bytes], log: Path, state: Path, say: Callable[[str], None]
) -> Stack:
    deadline = time.monotonic() + START_SECONDS
    said = 0
    while not state.is_file():
        lines = log.read_text().splitlines()
        for line in lines[said:]:
            say(line)
        said = len(lines)
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK_EVERY_SECONDS)
        if process.returncode is not None:
            kind = MisuseError if process.returncode == MISUSE else LoadTestError
            raise kind(f"the stack did not start: {_last_words(log)}")
        if time.monotonic() > deadline:
            raise LoadTestError(f"the stack was not up after {START_SECONDS} s; its log is {log}")
    found = json.loads(state.read_text())
    return Stack(
        api=found["api"],
        prometheus=found["prometheus"],
        targets=len(found["management"]),
        target_files=Path(found["targets"]),
        processes=found["processes"],
        environment=found["environment"],
        process=process,
        log=log,
    )


def _last_words(log: Path) -> str:
    errors = [line for line in log.read_text().splitlines() if line.startswith("Error: ")]
    return errors[-1].removeprefix("Error: ") if errors else f"no reason given; its log is {log}"


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
