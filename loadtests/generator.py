"""Running Locust as a child process: started, followed, stopped, read back."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.errors import InvalidRun, MisuseError
from loadtests.recording import UNANSWERED, Progress

if TYPE_CHECKING:
    from collections.abc import Callable

LOCUSTFILE = Path(__file__).parent / "locustfile.py"
# Hashing 200 passwords takes two cores about 25 s; logging in faster only makes a longer queue.
LOG_INS_A_SECOND = 10
# A user ends the request it is in; none takes longer than this.
STOP_SECONDS = 30
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """One run of the scenario against one URL."""

    host: str
    adopters: int
    seconds: int
    accounts: Path
    password: str = field(repr=False)
    out: Path


@dataclass(frozen=True, slots=True)
class OperationLoad:
    """One operation as the generator saw it: answers by status, latencies in milliseconds."""

    name: str
    answers: Counter[int]
    milliseconds: list[float]

    def quantile(self, share: float) -> float:
        """Return the latency that this share of the requests did not exceed (nearest rank)."""
        ranked = sorted(self.milliseconds)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the generator saw; `operations` includes the log-ins before the load."""

    adopters: int
    started: datetime
    load_started: datetime
    load_ended: datetime
    operations: dict[str, OperationLoad]

    @property
    def requests(self) -> int:
        """Return how many requests were sent, log-ins included."""
        return sum(operation.answers.total() for operation in self.operations.values())

    @property
    def unanswered(self) -> int:
        """Return how many requests got no answer, so that nobody knows what they did."""
        return sum(operation.answers[UNANSWERED] for operation in self.operations.values())


def read_accounts(path: Path, adopters: int) -> None:
    """Raise MisuseError unless the file can be read and has an account for every adopter."""
    try:
        found = len(path.read_text().split())
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MisuseError(f"the accounts file {path} cannot be read: {reason}") from None
    if found < adopters:
        raise MisuseError(f"{path} has {found} accounts for {adopters} adopters")


def generate(
    options: LoadOptions, still_valid: Callable[[], None], show: Callable[[Progress], None]
) -> LoadResult:
    """Run the scenario and return what was seen.

    `still_valid` is asked several times a second and raises InvalidRun to end the run early.
    Raises InvalidRun when the generator fails, or not everybody could log in.
    """
    result = options.out / "load.json"
    reading, writing = os.pipe()
    log = options.out / "logs" / "locust.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as sink, os.fdopen(reading, "rb", buffering=0) as progress:
        try:
            child = subprocess.Popen(  # noqa: S603  # our own command
                _command(options, result, writing),
                env={**os.environ, "PET_LOAD_PASSWORD": options.password},
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=[writing],
            )
        finally:
            os.close(writing)
        try:
            _follow(child, progress.fileno(), still_valid, show)
        finally:
            _end(child)
    return _read(result, log)


def _command(options: LoadOptions, result: Path, progress: int) -> list[str]:
    command = [sys.executable, "-m", "locust", "--locustfile", str(LOCUSTFILE), "--headless"]
    command += ["--host", options.host, "--users", str(options.adopters)]
    command += ["--spawn-rate", str(LOG_INS_A_SECOND), "--stop-timeout", str(STOP_SECONDS)]
    command += ["--accounts", str(options.accounts), "--measured-seconds", str(options.seconds)]
    return [*command, "--result", str(result), "--progress-fd", str(progress), "--only-summary"]


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
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
    child.wait()


def _read(path: Path, log: Path) -> LoadResult:
    if not path.is_file():
        raise InvalidRun(f"the load generator left no result; its log is {log}")
    document = json.loads(path.read_text())
    if document["refused"]:
        refused = document["adopters"] - document["logged_in"]
        raise InvalidRun(f"{refused} of {document['adopters']} adopters could not log in")
    if not document["complete"]:
        raise InvalidRun(f"the load generator was stopped early; its log is {log}")
    return LoadResult(
        document["adopters"],
        _moment(document["started"]),
        _moment(document["load_started"]),
        _moment(document["load_ended"]),
        {
            name: OperationLoad(
                name,
                Counter({int(status): count for status, count in seen["answers"].items()}),
                seen["milliseconds"],
            )
            for name, seen in document["operations"].items()
        },
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
