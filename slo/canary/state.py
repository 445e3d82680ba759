"""Where a walk is, in a file that survives whoever walks.

It is replaced as a whole after every decision, so a walk that was killed goes on from there.
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from slo.canary.plan import Plan

SCHEMA = 1


class StateError(Exception):
    """The file is no state, that of another plan, or in use; the text is one sentence."""


class Phase(StrEnum):
    """What is going on at a step."""

    SHIFTING = "shifting"
    MEASURING = "measuring"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    PROMOTED = "promoted"


@dataclass(frozen=True, slots=True)
class State:
    """A moment of a walk: `began` in unix seconds, `spent` in seconds of watching the step."""

    walk: str
    step: int = 0
    phase: Phase = Phase.SHIFTING
    began: float = 0.0
    spent: float = 0.0
    reasons: tuple[str, ...] = ("the walk begins",)


class StateFile:
    """The file of one plan, and the lock beside it."""

    def __init__(self, path: Path, plan: Plan) -> None:
        """Read and write nothing yet."""
        self.path = path
        self._plan = plan

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock, which ends with this process; raises StateError when another has it."""
        path = self.path.with_name(f"{self.path.name}.lock")
        with _opened(path) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise StateError(
                    f"another walk is using {self.path}; wait until it has ended"
                ) from None
            yield

    def read(self) -> State | None:
        """Return where the walk is, None where none has begun.

        Raises StateError for what is no state and for that of another plan.
        """
        try:
            document = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (ValueError, OSError) as error:
            raise StateError(
                f"{self.path} cannot be read as the state of a walk: {error}"
            ) from None
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise StateError(f"{self.path} is no state of schema {SCHEMA}; give another file")
        if document.get("plan_hash") != self._plan.digest:
            raise StateError(
                f"{self.path} is of another plan ({self._changed(document.get('plan'))}): "
                "give the same options, or another file"
            )
        try:
            return self._state(document["state"])
        except (KeyError, TypeError, ValueError) as error:
            raise StateError(f"{self.path} is a damaged state: {error!r}") from None

    def write(self, state: State) -> None:
        """Replace the file at once and for good; raises OSError."""
        document = {
            "schema": SCHEMA,
            "plan_hash": self._plan.digest,
            "plan": self._plan.document,
            "state": asdict(state),
        }
        draft = self.path.with_name(f"{self.path.name}.new")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(document, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _state(self, found: dict[str, Any]) -> State:
        read = {"phase": Phase(found["phase"]), "reasons": tuple(found["reasons"])}
        state = State(**found | read)
        if not (0 <= state.step < len(self._plan.weights) and state.spent >= 0):
            raise ValueError(f"step {state.step} after {state.spent} s")
        return state

    def _changed(self, plan: object) -> str:
        if not isinstance(plan, dict):
            return "it does not say which"
        mine = self._plan.document
        return ", ".join(
            f"{name} was {plan.get(name)}" for name in mine if plan.get(name) != mine[name]
        )


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("a")
    except OSError as error:
        raise StateError(f"{path} cannot be written: {error.strerror}") from None


def new_state() -> State:
    """Begin a walk, under an id that no other one has."""
    return State(walk=uuid.uuid4().hex)
