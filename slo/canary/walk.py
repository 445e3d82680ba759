"""A walk from the first share of the traffic to all of it, or back to none."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from slo.canary.counts import Since
from slo.canary.decide import Action, Look, decide
from slo.canary.look import look
from slo.canary.shift import Message, ShiftError, deliver
from slo.canary.state import Phase, State, new_state
from slo.prometheus import PrometheusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from slo.canary.decide import Decision
    from slo.canary.plan import Plan
    from slo.canary.shift import Shifter
    from slo.canary.state import StateFile
    from slo.prometheus import Prometheus

# A canary that fails is to lose its traffic even if the receiver restarts meanwhile.
ROLL_BACK_TIMES = 3
TICK_SECONDS = 0.001
DONE = (Phase.PROMOTED, Phase.ROLLED_BACK)


class HeldError(Exception):
    """The walk stands still at some share of the traffic; the text is one sentence why."""


class Narrator(Protocol):
    """Tells people or programs how a walk goes."""

    def looked(self, state: State, seen: Look, decision: Decision) -> None:
        """Tell of one look."""

    def shifted(self, message: Message) -> None:
        """Tell that traffic was shifted."""


@dataclass(frozen=True, slots=True)
class Walk:
    """All that walks a plan; `wait` sleeps for seconds and raises StoppedError when asked to."""

    plan: Plan
    prometheus: Prometheus
    shifter: Shifter
    attempts: int
    file: StateFile
    narrator: Narrator
    wait: Callable[[float], None]

    def run(self, state: State | None) -> State:
        """Walk from a state, or from the beginning, until all is promoted or rolled back.

        Raises HeldError, StoppedError, and OSError when the state cannot be written.
        """
        state = state or self._kept(new_state())
        while state.phase not in DONE:
            match state.phase:
                case Phase.SHIFTING:
                    state = self._promote(state)
                case Phase.ROLLING_BACK:
                    state = self._roll_back(state)
                case _:
                    state = self._measure(state)
        return state

    def weight(self, state: State) -> int:
        """Return the share of the traffic, in percent, that the canary is known to have."""
        if state.phase is Phase.ROLLED_BACK:
            return 0
        if state.phase is Phase.SHIFTING:
            return self.plan.weights[state.step - 1] if state.step else 0
        return self.plan.weights[state.step]

    def share(self, state: State) -> str:
        """Say in words which share that is, where nobody has confirmed the last shift as well."""
        weight = self.weight(state)
        if state.phase is Phase.SHIFTING:
            return f"{weight} %, or {self.plan.weights[state.step]} % if the shift was done"
        if state.phase is Phase.ROLLING_BACK:
            return f"{weight} % and IS NOT ROLLED BACK"
        return f"{weight} %"

    def _promote(self, state: State) -> State:
        message = self._message(state, Action.PROMOTE, self.plan.weights[state.step])
        try:
            deliver(self.shifter, message, self.attempts, self.wait)
        except ShiftError as error:
            raise HeldError(
                f"nobody confirmed the shift to {message.to_weight} %: {error}"
            ) from None
        state = self._anew(replace(state, phase=Phase.MEASURING))
        self.narrator.shifted(message)
        return state

    def _roll_back(self, state: State) -> State:
        message = self._message(state, Action.ROLL_BACK, 0)
        try:
            deliver(self.shifter, message, self.attempts * ROLL_BACK_TIMES, self.wait)
        except ShiftError as error:
            raise HeldError(f"shift all traffic to stable by hand: {error}") from None
        state = self._kept(replace(state, phase=Phase.ROLLED_BACK))
        self.narrator.shifted(message)
        return state

    def _measure(self, state: State) -> State:
        # A step that was held to its end has lasted long enough; look at it anew.
        if state.spent >= self.plan.most_seconds:
            state = self._anew(state)
        while True:
            state, decision = self._next_look(state)
            match decision.action:
                case Action.PROMOTE:
                    return self._kept(self._after(state, decision))
                case Action.ROLL_BACK:
                    reasons = decision.reasons
                    return self._kept(replace(state, phase=Phase.ROLLING_BACK, reasons=reasons))
            if state.spent >= self.plan.most_seconds:
                raise HeldError(
                    f"nothing was decided in {state.spent:.0f} s: {'; '.join(decision.reasons)}"
                    + self._told(state, decision)
                )

    def _next_look(self, state: State) -> tuple[State, Decision]:
        ends = (self.plan.seconds, self.plan.most_seconds)
        began = time.monotonic()
        left = min((end - state.spent for end in ends if end > state.spent), default=0.0)
        self.wait(min(self.plan.look_every, left))
        seen = self._look(state)
        spent = state.spent + time.monotonic() - began
        decision = decide(seen, self.plan, spent)
        state = self._kept(replace(state, spent=spent))
        self.narrator.looked(state, seen, decision)
        return state, decision

    def _look(self, state: State) -> Look:
        # A clock that was set back must not end the walk; nothing is counted until it catches up.
        now = max(time.time(), state.began + TICK_SECONDS)
        since = Since(*(datetime.fromtimestamp(moment, UTC) for moment in (state.began, now)))
        compared = self.plan.weights[state.step] < 100
        try:
            return look(self.plan, since, self.prometheus, compared=compared)
        except PrometheusError as error:
            return Look(None, None, (str(error),), compared)

    def _after(self, state: State, decision: Decision) -> State:
        if state.step + 1 == len(self.plan.weights):
            return replace(state, phase=Phase.PROMOTED, reasons=decision.reasons)
        return replace(
            state, step=state.step + 1, phase=Phase.SHIFTING, reasons=decision.reasons, spent=0.0
        )

    def _told(self, state: State, decision: Decision) -> str:
        """Tell the receiver that nothing more comes; say if that failed, nothing depends on it."""
        weight = self.weight(state)
        message = self._message(replace(state, reasons=decision.reasons), Action.HOLD, weight)
        message = replace(message, id=f"{message.id}-hold-{state.began:.0f}")
        try:
            self.shifter.send(message)
        except ShiftError as error:
            return f"; nor could that be told: {error}"
        return ""

    def _anew(self, state: State) -> State:
        return self._kept(replace(state, began=time.time(), spent=0.0))

    def _kept(self, state: State) -> State:
        self.file.write(state)
        return state

    def _message(self, state: State, action: Action, weight: int) -> Message:
        return Message(
            id=f"{state.walk}-{weight}",
            walk=state.walk,
            decision=action.value,
            from_weight=self.weight(state),
            to_weight=weight,
            step=state.step + 1,
            steps=len(self.plan.weights),
            canary=str(self.plan.canary),
            stable=str(self.plan.stable),
            reasons=state.reasons,
        )
