"""The result of a judged load run: one model, from which every report is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from app.telemetry.catalog import SWIPE_CREATE
from loadtests.judging.model import Baseline, Check, Ruling, Status
from slo.gate import Decision, Outcome

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from loadtests.load import Load
    from loadtests.measurement import Chart, Measured, OperationServed
    from loadtests.plan import LoadOptions
    from loadtests.rules.model import Rule
    from loadtests.waivers.model import Waiver
    from slo.model import Slo
    from slo.queries import Between
    from slo.report import SloResult

NEW_SWIPE = 201


@dataclass(frozen=True, slots=True)
class Conservation:
    """One count of swipes, taken at three places that must agree.

    They agree exactly but for `unsure`, swipes that the service failed at and may have stored.
    Without `rows` others may swipe on the same service, and the metric may only be higher.
    """

    acknowledged: int
    rows: int | None
    metric: Measured
    unanswered: int
    unsure: int = 0

    def problems(self) -> list[str]:
        """Say where the counts part, one sentence each."""
        found = []
        if self.unanswered:
            found.append(f"{self.unanswered} requests got no answer: nobody knows what they did")
        metric = self.metric.value
        most = float("inf") if self.rows is None else self.acknowledged + self.unsure
        told = f"{self.acknowledged} swipes were acknowledged"
        if self.unsure:
            told += f" and {self.unsure} failed"
        if metric is None or not self.acknowledged <= metric <= most:
            says = "nothing" if metric is None else f"{metric:.0f}"
            found.append(f"{told}, the metric says {says}")
        if self.rows is not None and not self.acknowledged <= self.rows <= most:
            found.append(f"{told}, PostgreSQL has {self.rows} new rows")
        return found


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a judged run is: its name in reports, its promises and rules, its load, its scrapes."""

    title: str
    slos: tuple[Slo, ...]
    rules: tuple[Rule, ...]
    load: LoadOptions
    scrape_interval: timedelta
    started: datetime
    fault: str = "none"
    waivers: tuple[Waiver, ...] = ()
    baseline: Baseline = field(default_factory=dict)
    # What a reader must know of the baseline.
    notes: tuple[str, ...] = ()
    # Whether a load may be sent once more, for more samples or to confirm a failure.
    again: bool = True


class Kind(StrEnum):
    """Why a load was sent: at first, again for more samples, or again to confirm a failure."""

    FIRST = "first"
    EXTENSION = "extension"
    CONFIRMATION = "confirmation"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One load that was sent and read back; without what could not be had."""

    kind: Kind
    started: datetime
    checks: tuple[Check, ...]
    rulings: tuple[Ruling, ...] = ()
    slos: tuple[SloResult, ...] = ()
    window: Between | None = None
    load: Load | None = None
    served: tuple[OperationServed, ...] = ()
    conservation: Conservation | None = None
    charts: tuple[Chart, ...] = ()

    @property
    def invalid(self) -> tuple[str, ...]:
        """Say why it is no evidence; empty when it is."""
        return tuple(check.detail for check in self.checks if not check.passed)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that a run has shown.

    `rulings` are what all attempts together say, worst first.
    """

    plan: RunPlan
    ended: datetime
    attempts: tuple[Attempt, ...]
    rulings: tuple[Ruling, ...] = field(default=())

    @property
    def last(self) -> Attempt:
        """Return the attempt that was made last."""
        return self.attempts[-1]

    @property
    def decision(self) -> Decision:
        """Decide: an invalid run decides nothing, whatever it measured; nothing judged is no pass.

        A waived rule is judged and shown, and decides nothing.
        """
        invalid = tuple(reason for attempt in self.attempts for reason in attempt.invalid)
        if invalid or not self.rulings:
            return Decision(Outcome.UNDECIDED, invalid or ("no rule was judged",))
        for status, outcome in (
            (Status.FAILED, Outcome.BLOCK),
            (Status.UNDECIDED, Outcome.UNDECIDED),
        ):
            if counting := [r for r in self.rulings if r.status is status and not r.waiver]:
                return Decision(outcome, tuple(map(sentence, counting)))
        if all(ruling.waiver for ruling in self.rulings):
            return Decision(Outcome.UNDECIDED, ("every rule is waived: nothing was decided",))
        return Decision(Outcome.ALLOW, tuple(sentence(r) for r in self.rulings if noted(r)))


def noted(ruling: Ruling) -> bool:
    """Tell whether a ruling must be read although it does not block."""
    return ruling.flaky or ruling.status is not Status.PASSED


def sentence(ruling: Ruling) -> str:
    """Say a ruling in one sentence, with its waiver and with what a second run has shown."""
    notes = [f"waived by {ruling.waiver.id}"] if ruling.waiver else []
    notes += ["flaky"] if ruling.flaky else []
    told = f" ({', '.join(notes)})" if notes else ""
    return f"{ruling.rule.id} over {ruling.over}: {ruling.status.value}{told}: {ruling.why}"


def acknowledged_swipes(load: Load) -> int:
    """Count the swipes that were answered with 201."""
    answers = load.operations.get(SWIPE_CREATE.operation)
    return 0 if answers is None else answers.statuses[NEW_SWIPE]
