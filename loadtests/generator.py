"""Running Locust as a child process: started, followed, stopped, read back."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loadtests.errors import InvalidRun, MisuseError, StoppedError
from loadtests.gathering import gather
from loadtests.plan import plan_document
from loadtests.recording import Progress
from slo.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.load import Load
    from loadtests.plan import LoadOptions

LOCUSTFILE = Path(__file__).parent / "locustfile.py"
# Preparing is held up by doors of its own; Locust warns above a hundred.
SESSIONS_A_SECOND = 100
# Sessions end the request they are in; told to stop, Locust waits for no more than this.
STOP_SECONDS = 10
# Its processes stop, report, and the report is written.
END_SECONDS = 30
LOOK_EVERY_SECONDS = 0.2
MISUSE = 2


def read_accounts(path: Path, sessions: int) -> None:
    """Raise MisuseError unless the file can be read and has an account for every session."""
    try:
        found = len(path.read_text().split())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MisuseError(f"the accounts file {path} cannot be read: {reason}") from None
    if found < sessions:
        raise MisuseError(f"{path} has {found} accounts for {sessions} sessions")


def generate(
    options: LoadOptions, still_valid: Callable[[], None], show: Callable[[Progress], None]
) -> Load:
    """Send a load and return what was seen; what makes it no whole one is among its problems.

    `still_valid` is asked several times a second and raises InvalidRun to end the load early, which
    then is a problem of it. Raises MisuseError for a plan that its processes cannot share evenly,
    InvalidRun when the generator fails and leaves nothing.
    """
    options.plan.refuse_uneven(options.processes)
    started = datetime.now(UTC)
    result, log = options.out / "load.json", options.out / "logs" / "locust.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    result.unlink(missing_ok=True)
    plan = options.out / "plan.json"
    plan.write_text(json.dumps(plan_document(options.plan), indent=2) + "\n")
    problem = _run(options, _command(options, plan, result), log, still_valid, show)
    if not result.is_file():
        raise InvalidRun(problem or f"the load generator left no result; its log is {log}")
    ended = datetime.now(UTC)
    try:
        load = gather(_read(result), options.plan, options.processes, started, ended)
    except StoppedError as error:
        # Nobody is stopped twice, so this time it is read to its end.
        load = gather(_read(result), options.plan, options.processes, started, ended)
        problem = problem or str(error)
    if problem:
        load.problems.insert(0, problem)
    return load


def _read(result: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(result.read_text())
    return document


def _run(
    options: LoadOptions,
    command: list[str],
    log: Path,
    still_valid: Callable[[], None],
    show: Callable[[Progress], None],
) -> str:
    """Run the child to its end; returns why it was ended early, or nothing."""
    reading, writing = os.pipe()
    with log.open("wb") as sink, os.fdopen(reading, "rb", buffering=0) as progress:
        try:
            child = subprocess.Popen(  # noqa: S603  # our own command
                [*command, "--progress-fd", str(writing)],
                env={**os.environ, "PET_LOAD_PASSWORD": options.password},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
                start_new_session=True,  # Ctrl-C reaches us, who stop it and read its report
            )
        finally:
            os.close(writing)
        try:
            _follow(child, progress.fileno(), still_valid, show)
        except InvalidRun as error:
            return str(error)
        finally:
            _end(child)
    return ""


def _command(options: LoadOptions, plan: Path, result: Path) -> list[str]:
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless"]
    command += ["--host", options.host, "--users", str(options.plan.sessions)]
    command += ["--spawn-rate", str(SESSIONS_A_SECOND), "--stop-timeout", str(STOP_SECONDS)]
    command += ["--plan", str(plan), "--result", str(result), "--only-summary"]
    if options.accounts is not None:
        command += ["--accounts", str(options.accounts)]
    if options.metrics_port is not None:
        command += ["--metrics-port", str(options.metrics_port)]
    if options.processes > 1:
        port = str(free_port())
        command += ["--processes", str(options.processes), "--master-bind-host", "127.0.0.1"]
        command += ["--master-bind-port", port, "--master-port", port]
    return command


def _follow(
    child: subprocess.Popen[bytes],
    progress: int,
    still_valid: Callable[[], None],
    show: Callable[[Progress], None],
) -> None:
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(progress, selectors.EVENT_READ)
        while child.poll() is None:
            still_valid()
            for _ in selector.select(LOOK_EVERY_SECONDS):
                *lines, pending = (pending + os.read(progress, 65536)).split(b"\n")
                for line in lines:
                    show(Progress(**json.loads(line)))


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()
