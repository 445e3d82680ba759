"""`python -m app up` as a process."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from typing import IO, Protocol

    from tests.app.conftest import OpenFolder, WaitUntil

    class Starting(Protocol):
        """Runs `up`."""

        def __call__(
            self, *arguments: str, user: int | None = None, **environment: str
        ) -> AbstractContextManager[Up]:
            """Run it with these arguments and variables, as this user."""

    class Inspecting(Protocol):
        """Runs `inspect`."""

        def __call__(self, out: Path) -> AbstractContextManager[tuple[subprocess.Popen[str], str]]:
            """Run it on a folder; yields the process and the address of Prometheus."""


ROOT = Path(__file__).parents[3]
HOST = "127.0.0.1"
PATIENCE_SECONDS = 60
# Where `up` would like to be.
WISHED = {5432, 6379, 8000, 9000, 9090, 9093, 9095, 9100, 9121, 9187, 9464, 9474}


@dataclass(frozen=True, slots=True)
class Up:
    """A stack that starts, runs or has ended."""

    process: subprocess.Popen[str]
    folder: Path
    out: Path
    output: IO[str]
    errors: IO[str]

    @property
    def state_file(self) -> Path:
        return self.folder / "state.json"

    @property
    def state(self) -> dict[str, Any]:
        """Read where everything is."""
        state: dict[str, Any] = json.loads(self.state_file.read_text())
        return state

    @property
    def temporary(self) -> Path:
        """The folder in which it makes its temporary folder."""
        return self.folder / "tmp"

    def said(self) -> str:
        self.output.seek(0)
        return self.output.read()

    def complained(self) -> str:
        self.errors.seek(0)
        return self.errors.read()

    def leftovers(self) -> list[int]:
        """List the processes that it has started, at any remove, and that are still there."""
        mark = str(self.folder).encode()
        processes = (path for path in Path("/proc").iterdir() if path.name.isdigit())
        return [int(path.name) for path in processes if marked(path, mark)]


def marked(process: Path, mark: bytes) -> bool:
    """Say whether a process works in a folder or was started with it in its environment."""
    with suppress(OSError):
        if mark in bytes((process / "cwd").readlink()):
            return True
    with suppress(OSError):
        return mark in (process / "environ").read_bytes()
    return False


@contextmanager
def hold_wished_ports() -> Iterator[None]:
    """Listen wherever `up` would like to be, so that no two stacks of one machine meet."""
    with ExitStack() as held:
        for port in WISHED:
            listener = held.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # Somebody else may listen there, which is as good.
            with suppress(OSError):
                listener.bind((HOST, port))
                listener.listen()
        yield


@pytest.fixture
def begin_up(
    open_folder: OpenFolder,
    no_settings: None,  # noqa: ARG001  # asked for what it does
) -> Starting:
    """Start `up` in the root of the repository; all that it writes is in a folder of its own."""

    @contextmanager
    def begin(*arguments: str, user: int | None = None, **environment: str) -> Iterator[Up]:
        with (
            hold_wished_ports(),
            open_folder() as folder,
            (folder / "output").open("a+") as output,
            (folder / "errors").open("a+") as errors,
        ):
            out, temporary = folder / "out", folder / "tmp"
            temporary.mkdir(mode=0o711)
            variables = {"TMPDIR": str(temporary), **environment}
            if user is not None:
                # Another user's home cannot even be looked into.
                variables["HOME"] = str(folder)
                for path in (folder, temporary):
                    os.chown(path, user, user)
            command = [sys.executable, "-m", "app", "up", "--out", str(out)]
            command += ["--state", str(folder / "state.json"), *arguments]
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                text=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )
            try:
                yield Up(process, folder, out, output, errors)
            finally:
                # The gentle way first: it ends the children as well.
                process.terminate()
                try:
                    process.wait(PATIENCE_SECONDS)
                finally:
                    process.kill()
                    process.wait()

    return begin


@pytest.fixture
def run_up(begin_up: Starting, wait_until: WaitUntil) -> Starting:
    """Start `up` and wait until all is up."""

    @contextmanager
    def run(*arguments: str, user: int | None = None, **environment: str) -> Iterator[Up]:
        with begin_up(*arguments, user=user, **environment) as up:
            wait_until(
                lambda: up.state_file.exists() or up.process.poll() is not None, "the stack is up"
            )
            assert up.process.poll() is None, up.complained()
            yield up

    return run


@pytest.fixture
def inspecting(no_settings: None) -> Inspecting:  # noqa: ARG001  # asked for what it does
    @contextmanager
    def inspect(out: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
        command = [sys.executable, "-m", "app", "inspect", str(out)]
        with (
            hold_wished_ports(),
            subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
        ):
            assert process.stdout is not None
            said = ""
            try:
                for line in process.stdout:
                    said += line
                    if line.startswith("up;"):
                        break
                found = re.search(r"^  prometheus +(\S+)$", said, re.MULTILINE)
                assert found is not None, said
                yield process, found[1]
            finally:
                process.terminate()

    return inspect
