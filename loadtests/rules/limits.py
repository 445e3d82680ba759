"""The limits of a rule: absolute, relative to a baseline, or a share of an error budget."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, TypeVar

from loadtests.rules.measures import (
    SHORTEST,
    Measure,
    OfSlo,
    Quantile,
    Query,
    Worse,
    refuse_latency,
)
from loadtests.rules.units import Quantity, RuleError, Unit, refuse_unit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Part = TypeVar("Part")
# Below it a share of good requests is a share of 1 that was written as a percentage.
LEAST_GOOD = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Absolute:
    """A value that must not be passed in the direction that is worse; None warns of nothing."""

    fail: Quantity
    warn: Quantity | None

    def refusals(self, measure: Measure) -> Iterator[RuleError]:
        """Yield what is wrong: another unit, a limit never broken, a warning too late."""
        found = _refused(self.fail, self.warn, measure, _refuse_absolute)
        yield from found
        if self.warn is None or found:
            return
        early = self.warn.value < self.fail.value
        if self.warn.value == self.fail.value or early != (measure.worse is Worse.HIGHER):
            side = "below" if measure.worse is Worse.HIGHER else "above"
            yield RuleError(
                f"the warning at {self.warn} would never come first; {side} {self.fail}", "warn"
            )


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much worse than the baseline is worse: both must be passed."""

    tolerance: Fraction
    floor: Quantity

    def __post_init__(self) -> None:
        """Refuse an allowance of nothing: noise alone would break it."""
        if self.tolerance <= 0:
            raise RuleError("a tolerance of 0 % fails by noise; a share like 10 %", "tolerance")
        if self.floor.value <= 0:
            raise RuleError("a floor of 0 is none; the least change that matters", "floor")


@dataclass(frozen=True, slots=True)
class Relative:
    """Allowances against a baseline; None warns of nothing."""

    fail: Allowance
    warn: Allowance | None

    def refusals(self, measure: Measure) -> Iterator[RuleError]:
        """Yield what is wrong: a floor in another unit, an allowance that cannot be passed."""
        found = _refused(self.fail, self.warn, measure, _refuse_allowance)
        yield from found
        if self.warn is None or found:
            return
        wider = self.warn.tolerance > self.fail.tolerance
        higher = self.warn.floor.value > self.fail.floor.value
        if wider or higher or self.warn == self.fail:
            yield RuleError("the warning would never come first; a smaller allowance", "warn")


@dataclass(frozen=True, slots=True)
class Budget:
    """Shares of the error budget of the judged events that may be spent.

    100 % is spent when as many events are bad as the objective allows: bad / (total * budget).
    """

    fail: Quantity
    warn: Quantity | None

    def refusals(self, measure: Measure) -> Iterator[RuleError]:
        """Yield what is wrong: no SLO, a share that cannot be spent, a warning too late."""
        if not isinstance(measure, OfSlo):
            yield RuleError("only an SLO has an error budget; kind: slo, or another limit")
            return
        found = _refused(self.fail, self.warn, measure, _refuse_spent)
        yield from found
        if self.warn is not None and not found and self.warn.value >= self.fail.value:
            yield RuleError(
                f"the warning at {self.warn} would never come first; below {self.fail}", "warn"
            )


@dataclass(frozen=True, slots=True)
class Promise:
    """The objective itself, by the count of all events of the run: nothing is inferred."""

    def refusals(self, measure: Measure) -> Iterator[RuleError]:
        """Yield what is wrong: only an SLO promises something."""
        if not isinstance(measure, OfSlo):
            yield RuleError("only an SLO has an objective; kind: slo, or another limit")


Limit = Absolute | Relative | Budget | Promise


def _refused(
    fail: Part,
    warn: Part | None,
    measure: Measure,
    refuse: Callable[[Part, Measure, str], None],
) -> list[RuleError]:
    found = []
    for field, part in (("fail", fail), ("warn", warn)):
        try:
            if part is not None:
                refuse(part, measure, field)
        except RuleError as error:
            found.append(error)
    return found


def _refuse_absolute(given: Quantity, measure: Measure, field: str) -> None:
    refuse_unit(given, measure.unit, field)
    if isinstance(measure, Query):
        if given.value == 0 and measure.worse is Worse.LOWER:
            raise RuleError(f"{given} can never be broken; a number above 0", field)
        return
    if isinstance(measure, Quantile):
        refuse_latency(given, field)
    elif measure.unit is Unit.RATIO and not 0 < given.value < 1:
        raise RuleError(
            f"{given} can never be broken or never be shown; between 0 % and 100 %, both excluded",
            field,
        )
    elif given.value == 0:
        raise RuleError(f"{given} can never be broken; a number above 0", field)
    elif measure.unit is Unit.RATIO and measure.worse is Worse.LOWER and given.value < LEAST_GOOD:
        meant = Quantity(given.value * 100, Unit.RATIO)
        raise RuleError(f"{given} lets all but every request be bad; did you mean {meant}?", field)


def _refuse_allowance(given: Allowance, measure: Measure, field: str) -> None:
    refuse_unit(given.floor, measure.unit, f"{field}.floor")
    if measure.worse is Worse.LOWER and given.tolerance >= 1:
        raise RuleError(
            "nothing falls by 100 % or more below a baseline; a share like 10 %",
            f"{field}.tolerance",
        )
    if isinstance(measure, Quantile):
        # A change of less than a request ever takes may still matter.
        refuse_latency(Quantity(max(given.floor.value, SHORTEST), Unit.SECONDS), f"{field}.floor")
    elif measure.unit is Unit.RATIO and given.floor.value >= 1:
        raise RuleError(f"{given.floor} can never be passed; below 100 %", f"{field}.floor")


def _refuse_spent(given: Quantity, measure: Measure, field: str) -> None:
    refuse_unit(given, Unit.RATIO, field)
    if isinstance(measure, OfSlo) and not 0 < given.value < 1 / measure.slo.budget:
        most = Quantity(1 / measure.slo.budget, Unit.RATIO)
        raise RuleError(
            f"{given} of the budget can never be judged; between 0 % and {most}, both excluded",
            field,
        )
