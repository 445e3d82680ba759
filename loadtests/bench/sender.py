"""The load as its measurement sees it: one process for all jobs, however short they are."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import IO, TYPE_CHECKING, Any

from loadtests.bench.machine import pinned
from loadtests.errors import InvalidRun
from loadtests.stack import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loadtests.bench.client import Job

CLIENT = "loadtests.bench.client"
STOP_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Sender:
    """Hands jobs to the client and reads what became of them."""

    jobs: IO[str]
    outcomes: IO[str]
    words: IO[str]

    def send(self, job: Job, name: str, expected: str) -> tuple[float, list[float]]:
        """Send a job; returns its seconds, and the milliseconds of each answer.

        Raises InvalidRun as soon as an answer is not the expected status, and names the server.
        """
        outcome = self.exchange(asdict(job), name)
        if outcome["answers"] != {expected: len(job.requests)}:
            raise InvalidRun(
                f"{name} should have answered {expected} to {len(job.requests)} requests, "
                f"and did: {outcome['answers']}"
            )
        return outcome["seconds"], outcome["milliseconds"]

    def exchange(self, message: Mapping[str, object], name: str) -> dict[str, Any]:
        """Give work on a server of that name; returns what became of it.

        Raises InvalidRun when the program fails.
        """
        self.tell(message)
        told = self.outcomes.readline()
        if not told:
            words = self.words.read().strip().splitlines() or ["no word"]
            raise InvalidRun(f"the load on {name} failed: {words[-1]}")
        outcome: dict[str, Any] = json.loads(told)
        return outcome

    def tell(self, message: Mapping[str, object]) -> None:
        """Give the program something that it does not answer."""
        # One that has failed says so when it is asked.
        with suppress(BrokenPipeError):
            print(json.dumps(message), file=self.jobs, flush=True)


@contextmanager
def sending(cores: frozenset[int], program: str = CLIENT) -> Iterator[Sender]:
    """Run the client, or another program that does jobs, on these cores until the block ends."""
    with pinned(cores):
        process = subprocess.Popen(  # noqa: S603  # our own command
            (sys.executable, "-m", program),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    with process:
        assert process.stdin and process.stdout and process.stderr  # noqa: S101, PT018  # pipes
        try:
            yield Sender(process.stdin, process.stdout, process.stderr)
        finally:
            # With its last job done it ends by itself when nobody can send another.
            process.terminate()
            process.wait(STOP_SECONDS)
