"""Objectives of OpenSLO v1: a target, and for some indicators what is compared or sliced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import RawSli, SliceSli
from slo.model import NO_BUDGET
from slo.specs.durations import shorthand
from slo.specs.openslo_indicators import BAD_WHEN, Threshold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slo.indicators import Sli
    from slo.specs.locate import Place
    from slo.specs.openslo_indicators import Read

METHODS = ("Occurrences", "Timeslices", "RatioTimeslices")
FIELDS = (
    "displayName op value target targetPercent timeSliceTarget timeSliceWindow "
    "indicator indicatorRef compositeWeight"
)
MINUTES = re.compile(r"[1-9]\d{0,4}")


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective as it is written, its target as a share."""

    place: Place
    given: Mapping[str, Place]
    title: str
    target: Fraction
    weight: Fraction

    @property
    def has_indicator(self) -> bool:
        """Tell whether it belongs to a composite."""
        return "indicator" in self.given or "indicatorRef" in self.given


def read_objective(place: Place) -> Objective | None:
    """Read what every objective has."""
    given = place.fields(FIELDS)
    title = given["displayName"].text() if "displayName" in given else ""
    if "op" in given:
        given["op"].choice(tuple(BAD_WHEN))
    weight = given["compositeWeight"].number() if "compositeWeight" in given else Fraction(1)
    target = _target(place, given)
    if target is None or weight is None:
        return None
    return Objective(place, given, title or "", target, weight)


def judged(read: Read, objective: Objective, method: str, *, counted: bool = False) -> Sli | None:
    """Return the indicator that an objective demands something of."""
    sli = _compared(read, objective) if isinstance(read, Threshold) else read
    if sli is None:
        return None
    if isinstance(sli, RawSli) and (counted or method == "Timeslices"):
        what = "has no weight in a composite" if counted else "cannot be judged in slices"
        objective.place.wrong(f"a raw ratio {what}; good or bad, and total")
        return None
    if method == "Timeslices":
        return _sliced(sli, objective)
    for name in ("timeSliceTarget", "timeSliceWindow"):
        if name in objective.given:
            objective.given[name].note(f"the budgeting method is {method}, so it is not used")
    return sli


def _target(place: Place, given: Mapping[str, Place]) -> Fraction | None:
    if ("target" in given) == ("targetPercent" in given):
        place.wrong("give one of target and targetPercent")
        return None
    name, whole = ("target", 1) if "target" in given else ("targetPercent", 100)
    number = given[name].number()
    if number is None or 0 < number < whole:
        return None if number is None else number / whole
    sentence = f"the target must lie between 0 and {whole}, both excluded"
    given[name].wrong(sentence, NO_BUDGET if number == whole else "")
    return None


def _compared(read: Threshold, objective: Objective) -> Sli | None:
    missing = [name for name in ("op", "value") if name not in objective.given]
    for name in missing:
        objective.place.wrong(f"{name} is missing; a thresholdMetric is compared with a value")
    if missing:
        return None
    operator = objective.given["op"].text()
    value = objective.given["value"].number()
    if operator not in BAD_WHEN or value is None:
        return None
    return read.judged(operator, value)


def _sliced(sli: Sli, objective: Objective) -> SliceSli | None:
    given = objective.given
    missing = [name for name in ("timeSliceTarget", "timeSliceWindow") if name not in given]
    for name in missing:
        objective.place.wrong(f"{name} is missing; the budgeting method is Timeslices")
    if missing:
        return None
    target, length = given["timeSliceTarget"].number(), _slice_length(given["timeSliceWindow"])
    if target is None or length is None:
        return None
    try:
        return SliceSli(sli, length, target)  # type: ignore[arg-type]  # no raw ratio, as judged
    except ValueError as error:
        objective.place.wrong(str(error))
        return None


def _slice_length(place: Place) -> timedelta | None:
    text = place.text()
    if text is not None and MINUTES.fullmatch(text):
        return timedelta(minutes=int(text))
    return shorthand(place)
