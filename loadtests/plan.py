"""What one generator process is to do, shared by its users."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from gevent.event import Event
from gevent.lock import BoundedSemaphore

if TYPE_CHECKING:
    from loadtests.recording import Recorder

DOORS = 8


@dataclass(slots=True)
class Plan:
    """The accounts to use, the gate that holds everybody until all are in, and the recorder."""

    accounts: list[str]
    password: str
    recorder: Recorder
    arrival_seconds: float
    gate: Event = field(default_factory=Event)
    # The service hashes four passwords at a time, and answers 503 to who has queued too long.
    doors: BoundedSemaphore = field(default_factory=partial(BoundedSemaphore, DOORS))
    _used: int = 0

    def next_account(self) -> tuple[str, str]:
        """Hand out each account once, with the address that its owner calls from."""
        number, self._used = self._used, self._used + 1
        return self.accounts[number], address(number)

    def arrive(self, refusal: str | None) -> None:
        """Note that a user has logged in or was refused; the last one opens the gate."""
        if refusal is None:
            self.recorder.logged_in += 1
        else:
            self.recorder.refused.append(refusal)
        if self.recorder.logged_in + len(self.recorder.refused) == self.recorder.adopters:
            self.gate.set()


def address(number: int) -> str:
    """Return an address of RFC 2544's range for tests of performance, which nobody else has."""
    return f"198.{18 + (number >> 16) % 2}.{number >> 8 & 255}.{number & 255}"
