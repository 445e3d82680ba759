"""One rule of a base and a candidate, compared over the rounds in which both were measured."""

from __future__ import annotations

from dataclasses import dataclass
from math import isinf
from typing import TYPE_CHECKING

from loadtests.rules.measures import LONGEST, Worse
from slo.statistics.comparison import Allowance, Round, compare
from slo.statistics.intervals import Finding, Interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from loadtests.baseline.model import Key
    from loadtests.regression.rounds import Played
    from loadtests.rules import limits

# So far below the floor two values are the same: no share of errors is ever 0 by its logarithm, and
# what is compared stays as it would be decided.
NOTHING = 1e-9
UNBOUNDED = Interval(None, 0.0, float("inf"), 0)


@dataclass(frozen=True, slots=True)
class Compared:
    """A finding with all that led to it.

    `ratio` is candidate by base, `worse` how much worse the candidate is, in the rule's unit and
    negative when it is better. `problem` says why nothing could be compared.
    """

    finding: Finding
    ratio: Interval
    worse: Interval
    problem: str = ""


def compare_rounds(
    key: Key, played: Sequence[Played], worse: Worse, allowance: limits.Allowance
) -> Compared:
    """Compare what one rule has measured over one step; five rounds or more decide.

    A candidate that falls is compared by its inverse: below base * (1 - tolerance) is the same as
    base / candidate above 1 / (1 - tolerance).
    """
    rounds = [(_values(one.base, key), _values(one.candidate, key)) for one in played]
    if broken := sum(isinf(value) for base, _ in rounds for value in base):
        problem = f"{broken} of {2 * len(rounds)} measurements of the base never ended"
        return Compared(Finding.UNDECIDED, UNBOUNDED, UNBOUNDED, problem)
    floor = float(allowance.floor.value)
    least = floor * NOTHING
    pairs = [(tuple(_finite(base, least)), tuple(_finite(new, least))) for base, new in rounds]
    tolerance = float(allowance.tolerance)
    if worse is Worse.HIGHER:
        found = compare([Round(*pair) for pair in pairs], Allowance(tolerance, floor))
        return Compared(found.finding, found.ratio, found.difference)
    found = compare(
        [Round(new, base) for base, new in pairs], Allowance(1 / (1 - tolerance) - 1, floor)
    )
    return Compared(found.finding, _inverse(found.ratio), found.difference)


def _values(measured: tuple[dict[Key, float], ...], key: Key) -> tuple[float, ...]:
    return tuple(values[key] for values in measured)


def _finite(values: Sequence[float], least: float) -> Iterator[float]:
    """Put what never ended at the longest that is recorded, and nothing just above 0."""
    return (min(float(LONGEST), value) if isinf(value) else max(least, value) for value in values)


def _inverse(ratio: Interval) -> Interval:
    value = None if ratio.value is None else 1 / ratio.value
    return Interval(
        value, 1 / ratio.high, 1 / ratio.low if ratio.low else float("inf"), ratio.samples
    )
