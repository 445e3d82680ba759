"""What a policy says of a change: for each SLO, by the calendar, and in all.

An SLO whose data is not what the policy wants is undecided, whatever the data says. A block weighs
more than what is undecided, and that more than a warning.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.gate import Outcome
from slo.policy.model import Young
from slo.policy.samples import FIRST_EVERY, LOOKED_BACK
from slo.policy.words import age, at_place, budget, burn_text, number
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from slo.policy.calendar import Freeze
    from slo.policy.measure import Measurement
    from slo.policy.model import Band, Change, DataRules, Policy


class Weight(StrEnum):
    """How much a reason weighs, the heaviest first."""

    BLOCK = "block"
    UNDECIDED = "undecided"
    WARN = "warn"


ORDER = list(Weight)
CALENDAR = "calendar"
GATE = "gate"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a change does not just ship; `about` is an SLO, the calendar or the gate."""

    weight: Weight
    about: str
    sentence: str

    def __str__(self) -> str:
        """Write it in one line."""
        return f"{self.weight.value}: {self.about}: {self.sentence}"


@dataclass(frozen=True, slots=True)
class Row:
    """One SLO, what the policy wants of its data, and what follows; reasons the heaviest first."""

    measured: Measurement
    rules: DataRules
    band: Band | None
    reasons: tuple[Reason, ...]

    @property
    def outcome(self) -> Outcome:
        """Return what this SLO alone would have decided."""
        return _outcome(self.reasons)


@dataclass(frozen=True, slots=True)
class Ruling:
    """The whole: rows and reasons the worst first, and the freezes that hold with their ends."""

    at: datetime
    change: Change
    rows: tuple[Row, ...]
    freezes: tuple[tuple[Freeze, datetime], ...]
    reasons: tuple[Reason, ...]

    @property
    def outcome(self) -> Outcome:
        """Return what the pipeline is told."""
        return _outcome(self.reasons)


def rule(policy: Policy, change: Change, at: datetime, found: Sequence[Measurement]) -> Ruling:
    """Hold measurements of one moment, and the moment itself, against a policy."""
    rows = sorted((_row(policy, change, one) for one in found), key=_badness)
    frozen = [(freeze, end) for freeze in policy.freezes if (end := freeze.until(at)) is not None]
    reasons = [
        *(_frozen(freeze, end) for freeze, end in frozen if change not in freeze.exempt),
        *(reason for row in rows for reason in row.reasons),
    ]
    if not rows:
        reasons.append(Reason(Weight.UNDECIDED, GATE, "no SLO was measured"))
    return Ruling(at, change, tuple(rows), tuple(frozen), _heaviest_first(reasons))


def _outcome(reasons: Sequence[Reason]) -> Outcome:
    weights = {reason.weight for reason in reasons}
    if Weight.BLOCK in weights:
        return Outcome.BLOCK
    return Outcome.UNDECIDED if Weight.UNDECIDED in weights else Outcome.ALLOW


def _heaviest_first(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    return tuple(sorted(reasons, key=lambda reason: ORDER.index(reason.weight)))


def _badness(row: Row) -> tuple[int, Fraction]:
    """Order rows: blocked, undecided, warned of, fine; each with the least budget left first."""
    heaviest = min((ORDER.index(reason.weight) for reason in row.reasons), default=len(ORDER))
    return heaviest, row.measured.left if row.measured.left is not None else Fraction(1)


def _frozen(freeze: Freeze, end: datetime) -> Reason:
    sentence = f"frozen by {freeze.name!r} until {at_place(end)} {freeze.zone}: {freeze.reason}"
    return Reason(Weight.BLOCK, CALENDAR, sentence)


def _row(policy: Policy, change: Change, measured: Measurement) -> Row:
    rules = policy.rules(measured.result.slo.id)
    left = measured.left
    band = None if left is None else policy.band(left)
    told = list(_data(measured, rules))
    if all(weight is Weight.WARN for weight, _ in told):
        told += [*_burning(policy, change, measured), *_budget(change, measured, band)]
    name = measured.result.name
    reasons = [Reason(weight, name, sentence) for weight, sentence in told]
    return Row(measured, rules, band, _heaviest_first(reasons))


def _data(measured: Measurement, rules: DataRules) -> Iterator[tuple[Weight, str]]:
    """Say what keeps the data from being judged."""
    if measured.unreachable:
        yield Weight.UNDECIDED, measured.unreachable
        return
    if stale := _stale(measured, rules):
        yield Weight.UNDECIDED, stale
    yield from _young(measured, rules)
    if measured.left is None:
        yield Weight.UNDECIDED, measured.result.reason
    elif rules.minimum_events and (measured.events or 0) < rules.minimum_events:
        few = "unknown" if measured.events is None else number(measured.events)
        yield Weight.UNDECIDED, f"events: {few}, {rules.minimum_events:,} is the least"
    unknown = [burn.missing for burn in measured.burns if burn.rate is None]
    # Without recent samples it could not be known.
    if unknown and not stale:
        yield Weight.UNDECIDED, f"whether it burns now is unknown: {unknown[0]}"


def _stale(measured: Measurement, rules: DataRules) -> str:
    newest = measured.samples.newest
    if newest is None:
        return f"there is no sample of the last {age(LOOKED_BACK)}"
    old, most = measured.at - newest, rules.newest_at_most
    return (
        f"the newest sample is {age(old)} old, {duration(most)} is the most" if old > most else ""
    )


def _young(measured: Measurement, rules: DataRules) -> Iterator[tuple[Weight, str]]:
    begun = measured.samples.oldest
    if begun is None:
        # There is a reason already: nothing was counted.
        return
    long, period = measured.at - begun, measured.period
    if long < rules.history_at_least:
        limit = duration(rules.history_at_least)
        weights = {Young.UNDECIDED: Weight.UNDECIDED, Young.BLOCK: Weight.BLOCK}
        weight = weights.get(rules.younger, Weight.WARN)
        yield weight, f"its history is {age(long)} long, {limit} is the least"
    elif period and long + FIRST_EVERY < period:
        # A month is promised, and half of it is kept: the budget looks fuller than it is.
        yield Weight.WARN, f"the budget is of {age(long)} and not {age(period)}: there is no more"


def _burning(policy: Policy, change: Change, measured: Measurement) -> Iterator[tuple[Weight, str]]:
    for burn in measured.burns:
        if burn.burning:
            blocked = change not in policy.burn_allows
            but = f"no {change} until it ends" if blocked else f"{change} may ship"
            yield (Weight.BLOCK if blocked else Weight.WARN), f"{burn_text(burn)}; {but}"


def _budget(
    change: Change, measured: Measurement, band: Band | None
) -> Iterator[tuple[Weight, str]]:
    if band is None or measured.left is None:
        return
    left = f"{budget(measured.left)} of the error budget is left ({band.name})"
    if change not in band.allows:
        yield Weight.BLOCK, f"{left}; only {', '.join(sorted(band.allows))} may ship"
    elif change in band.warns:
        yield Weight.WARN, f"{left}; ship with care"
