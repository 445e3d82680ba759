"""Start processes one after the other, watch them, and stop all of them in every case."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.children import dies_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path
    from typing import IO, Protocol

    from app.stop import Stop

    class Attended(Protocol):
        """What the supervisor does beside watching, in the same thread."""

        def look(self) -> None:
            """Do what there is to do, and return soon."""

        def close(self) -> None:
            """Let go of everything."""


LOOK_EVERY_SECONDS = 0.05


class StackError(Exception):
    """The stack could not start or stay up; the text is one sentence with the place of the log."""


class StoppedError(Exception):
    """Somebody asked the stack to stop before it was up."""


@dataclass(frozen=True, slots=True)
class Service:
    """A child process: how it starts, when it is ready, how it likes to be stopped."""

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    cwd: Path | None = None
    # PostgreSQL refuses to run as root.
    uid: int | None = None
    ready_seconds: float = 30.0
    stop_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Running:
    """A started service, its process and its log."""

    service: Service
    process: subprocess.Popen[bytes]
    log: Path

    def ending(self) -> str:
        """Say how the process ended and where it wrote why."""
        code = self.process.returncode
        how = f"exited with {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
        return f"{self.service.name} {how}; its log is {self.log}"


class Supervisor:
    """Owns every child process of the stack.

    Children get a session of their own, so Ctrl-C reaches only the supervisor, which stops them in
    reverse order: the API before the database it talks to.
    """

    def __init__(self, logs: Path, stop: Stop) -> None:
        """Keep one log file a process in `logs`; `stop` is set by whoever wants the end."""
        self._logs = logs
        self._stop = stop
        self._running: list[Running] = []
        self._attended: list[Attended] = []

    @property
    def pids(self) -> dict[str, int]:
        """Map the name of each process to its id."""
        return {running.service.name: running.process.pid for running in self._running}

    def start(self, service: Service) -> None:
        """Start a process and wait until it is ready.

        Raises StackError when it ends or takes too long, StoppedError when asked to stop meanwhile.
        """
        log = self._logs / f"{service.name}.log"
        with log.open("ab") as sink:
            running = Running(service, _spawn(service, sink), log)
        self._running.append(running)
        deadline = time.monotonic() + service.ready_seconds
        while not service.ready():
            if self._stop.wait(LOOK_EVERY_SECONDS):
                raise StoppedError
            self._raise_if_ended()
            if time.monotonic() > deadline:
                raise StackError(
                    f"{service.name} was not ready after {service.ready_seconds:.0f} s; "
                    f"its log is {log}"
                )

    def run(self, name: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command to its end.

        Raises StackError when it fails, StoppedError when asked to stop meanwhile.
        """
        service = Service(name, command, lambda: True, environment)
        log = self._logs / f"{name}.log"
        with log.open("ab") as sink:
            running = Running(service, _spawn(service, sink), log)
        try:
            while running.process.poll() is None:
                if self._stop.wait(LOOK_EVERY_SECONDS):
                    raise StoppedError
        finally:
            _end(running.process, service)
        if running.process.returncode != 0:
            raise StackError(running.ending())

    def attend(self, attended: Attended) -> None:
        """Let it look for work while the processes are watched, and close it with them."""
        self._attended.append(attended)

    def watch(self) -> None:
        """Return when asked to stop; raises StackError as soon as any process has ended."""
        while not self._stop.wait(LOOK_EVERY_SECONDS):
            self._raise_if_ended()
            for attended in self._attended:
                attended.look()

    def stop_all(self) -> None:
        """Stop every process, last started first; what ignores its signal is killed."""
        while self._running:
            running = self._running.pop()
            _end(running.process, running.service)
        while self._attended:
            self._attended.pop().close()

    def _raise_if_ended(self) -> None:
        for running in self._running:
            if running.process.poll() is not None:
                raise StackError(running.ending())


def _spawn(service: Service, sink: IO[bytes]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # commands are built here, not read
            service.command,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **service.environment},
            cwd=service.cwd,
            start_new_session=True,
            preexec_fn=dies_with_parent(service.stop_signal),  # noqa: PLW1509  # one thread runs
            user=service.uid,
            group=service.uid,
            extra_groups=None if service.uid is None else [],
        )
    except OSError as error:
        raise StackError(f"{service.name} cannot be started: {error}") from None


def _end(process: subprocess.Popen[bytes], service: Service) -> None:
    if process.poll() is None:
        process.send_signal(service.stop_signal)
        try:
            process.wait(service.stop_seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()
