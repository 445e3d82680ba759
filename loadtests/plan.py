"""What one generator process is to do, shared by its users."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gevent.event import Event

if TYPE_CHECKING:
    from loadtests.recording import Recorder


@dataclass(slots=True)
class Plan:
    """The accounts to use, the gate that holds everybody until all are in, and the recorder."""

    accounts: list[str]
    password: str
    recorder: Recorder
    arrival_seconds: float
    gate: Event = field(default_factory=Event)
    _used: int = 0

    def next_account(self) -> str:
        """Hand out each account once."""
        account = self.accounts[self._used]
        self._used += 1
        return account

    def arrive(self, refusal: str | None) -> None:
        """Note that a user has logged in or was refused; the last one opens the gate."""
        if refusal is None:
            self.recorder.logged_in += 1
        else:
            self.recorder.refused.append(refusal)
        if self.recorder.logged_in + len(self.recorder.refused) == self.recorder.adopters:
            self.gate.set()
