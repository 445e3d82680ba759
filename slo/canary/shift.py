"""Who is told of a decision and shifts the traffic: a webhook, or a command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class ShiftError(Exception):
    """The traffic was not shifted, as far as is known; asking again helps unless it is final."""

    def __init__(self, sentence: str, *, final: bool = False) -> None:
        """Keep whether asking again is of use."""
        super().__init__(sentence)
        self.final = final


@dataclass(frozen=True, slots=True)
class Message:
    """A decision for whoever shifts; the same `id` twice is one decision told twice."""

    id: str
    walk: str
    decision: str
    from_weight: int
    to_weight: int
    step: int
    steps: int
    canary: str
    stable: str
    reasons: tuple[str, ...]

    @property
    def text(self) -> str:
        """Write it as JSON."""
        return json.dumps(asdict(self))


class Shifter(Protocol):
    """Shifts the traffic as a message says."""

    def send(self, message: Message) -> None:
        """Shift, and return once it is done; raises ShiftError."""


@dataclass(frozen=True, slots=True)
class ShiftCommand:
    """A program that is given the weight as its last argument, and the message as its input."""

    words: tuple[str, ...]
    timeout: float

    def send(self, message: Message) -> None:
        """Run it to its end; raises ShiftError unless it exits with 0 in time."""
        try:
            child = subprocess.Popen(  # noqa: S603  # what the user has given, without a shell
                [*self.words, str(message.to_weight)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # Ctrl-C ends the walk, not the shift of traffic that is under way.
                start_new_session=True,
            )
        except OSError as error:
            raise ShiftError(
                f"{self.words[0]} cannot be run: {error.strerror}", final=True
            ) from None
        said = self._said(child, message.text)
        if child.returncode:
            last = (said.strip() or "it said nothing").splitlines()[-1]
            raise ShiftError(f"{self.words[0]} exited with {child.returncode}: {last}")

    def _said(self, child: subprocess.Popen[str], text: str) -> str:
        try:
            return child.communicate(text, self.timeout)[1]
        except subprocess.TimeoutExpired:
            # Its own children hold the pipe as well.
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            raise ShiftError(f"{self.words[0]} took longer than {self.timeout:g} s") from None


def deliver(
    shifter: Shifter, message: Message, attempts: int, pause: Callable[[float], None]
) -> None:
    """Send a message, again after pauses that double; raises the last ShiftError."""
    for attempt in range(1, attempts + 1):
        try:
            shifter.send(message)
        except ShiftError as error:
            if error.final or attempt == attempts:
                raise
            pause(min(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), LONGEST_PAUSE_SECONDS))
        else:
            return
