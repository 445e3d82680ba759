"""Numbers with units, as rules write them: 150 ms, 95 %, 500 /s, 3."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from slo.specs.locate import meant, shown

WRITTEN = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(?: *([^\d\s.].*))?")


class RuleError(ValueError):
    """A rule is impossible; `field` names the part of it that is wrong, if it is one."""

    def __init__(self, sentence: str, field: str = "") -> None:
        """Keep the field beside the sentence."""
        super().__init__(sentence)
        self.field = field


class Unit(StrEnum):
    """What a number counts, whatever size it is written in."""

    SECONDS = "s"
    RATIO = "%"
    PER_SECOND = "/s"
    COUNT = "count"


SIZES = {
    "ms": (Unit.SECONDS, Fraction(1, 1000)),
    "s": (Unit.SECONDS, Fraction(1)),
    "%": (Unit.RATIO, Fraction(1, 100)),
    "/s": (Unit.PER_SECOND, Fraction(1)),
}
EXAMPLES = {
    Unit.SECONDS: "150 ms or 0.15 s",
    Unit.RATIO: "a share like 95 %",
    Unit.PER_SECOND: "a rate like 500 /s",
    Unit.COUNT: "a plain number like 3",
}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in seconds, as a share of 1, a second, or a plain count."""

    value: Fraction
    unit: Unit

    def __post_init__(self) -> None:
        """Refuse what is not exact, and what is negative."""
        if not isinstance(self.value, Fraction):
            raise TypeError("give the number as a Fraction, a float is not exact")
        if self.value < 0:
            raise RuleError(f"{float(self.value):g} is negative; a number from 0 on")

    def __str__(self) -> str:
        """Write it as a rule would."""
        if self.unit is Unit.COUNT:
            return f"{float(self.value):.12g}"
        below_second = self.unit is Unit.SECONDS and self.value < 1
        size = "ms" if below_second else self.unit.value
        return f"{float(self.value / SIZES[size][1]):.12g} {size}"


def quantity(text: str) -> Quantity:
    """Read a number with its unit; raises RuleError for another text, NaN and infinity too."""
    if not (found := WRITTEN.fullmatch(text.strip())):
        raise RuleError(f"{shown(text)} is no number with a unit; like 150 ms, 95 %, 500 /s or 3")
    number, size = Fraction(found[1]), found[2]
    if size is None:
        return Quantity(number, Unit.COUNT)
    if size not in SIZES:
        raise RuleError(f"{shown(size)} is no unit; {meant(size, tuple(SIZES))}")
    unit, factor = SIZES[size]
    return Quantity(number * factor, unit)


def refuse_unit(given: Quantity, wanted: Unit, field: str) -> None:
    """Raise RuleError when a number is not in the unit that is compared with."""
    if given.unit is not wanted:
        bare = given.unit is Unit.COUNT
        what = "has no unit" if bare else f"is in the wrong unit, {given.unit}"
        raise RuleError(f"{given} {what}; give {EXAMPLES[wanted]}", field)
