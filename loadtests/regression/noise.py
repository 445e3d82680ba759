"""The noise floor: by how much a target differs from itself when it is compared as any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.regression.judge import compared_rules
from loadtests.rules.measures import Worse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.regression.rounds import Played
    from loadtests.rules.model import Rule
    from slo.statistics.intervals import Interval


@dataclass(frozen=True, slots=True)
class Noise:
    """What equal versions look like: their ratio, and their difference in the rule's unit.

    With this noise they pass by a tolerance of `tolerance` or more, a share of the base, or by a
    floor of `floor` or more; less is undecided.
    """

    rule: str
    over: str
    ratio: Interval
    difference: Interval
    tolerance: float
    floor: float


def noise_floor(rules: Sequence[Rule], played: Sequence[Played]) -> tuple[Noise, ...]:
    """Return the noise of every rule and step."""
    found = []
    for rule, over, compared in compared_rules(rules, played):
        ratio = compared.ratio
        higher = rule.measure.worse is Worse.HIGHER
        tolerance = max(0.0, ratio.high - 1 if higher else 1 - ratio.low)
        floor = max(0.0, compared.worse.high)
        found.append(Noise(rule.id, over, ratio, compared.worse, tolerance, floor))
    return tuple(found)
