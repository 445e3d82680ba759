"""The limits of a rule, read from its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.rules.limits import Absolute, Allowance, Budget, Limit, Relative
from loadtests.rules.measures import OfSlo, Worse
from loadtests.rules.read_measures import read_quantity
from loadtests.rules.units import Quantity, RuleError, Unit, refuse_unit

if TYPE_CHECKING:
    from loadtests.rules.measures import Measure
    from slo.specs.locate import Place

SIDES = {"at_most": Worse.HIGHER, "at_least": Worse.LOWER}
KINDS = (*SIDES, "baseline", "budget")
OBJECTIVE = "objective"


def read_limit(place: Place, measure: Measure | None) -> Limit | None:
    """Return the limit of a rule; None, and a problem, for one that its measure cannot have."""
    given = place.fields(" ".join(KINDS))
    if len(given) != 1:
        if given or not set(place.mapping()) - set(KINDS):
            place.wrong(f"{len(given)} limits are given; exactly one of {', '.join(KINDS)}")
        return None
    ((kind, inner),) = given.items()
    parts = inner.fields("warn", "fail")
    if "warn" in (written := inner.mapping()) and "warn" not in parts:
        written["warn"].wrong("the warning is empty; give it a limit, or leave it out")
        return None
    limit = _relative(parts) if kind == "baseline" else _plain(kind, parts, measure)
    if limit is None or measure is None:
        return None
    errors = list(limit.refusals(measure))
    for error in errors:
        _blamed(inner, error.field).wrong(str(error))
    if kind in SIDES and SIDES[kind] is not measure.worse:
        right = next(side for side, worse in SIDES.items() if worse is measure.worse)
        inner.wrong(f"{kind} would fail what is better; {right}")
        return None
    return None if errors else limit


def _blamed(place: Place, field: str) -> Place:
    for name in filter(None, field.split(".")):
        place = place.mapping().get(name, place)
    return place


def _plain(kind: str, parts: dict[str, Place], measure: Measure | None) -> Limit | None:
    numbers = {name: _number(place, measure) for name, place in parts.items()}
    fail = numbers.get("fail")
    if fail is None or None in numbers.values():
        return None
    made = Budget if kind == "budget" else Absolute
    return made(fail, numbers.get("warn"))


def _number(place: Place, measure: Measure | None) -> Quantity | None:
    if place.node.value != OBJECTIVE:
        return read_quantity(place)
    if isinstance(measure, OfSlo):
        return Quantity(measure.slo.objective, Unit.RATIO)
    if measure is not None:
        place.wrong("only an SLO has an objective; give a number with its unit")
    return None


def _relative(parts: dict[str, Place]) -> Limit | None:
    read = {name: _allowance(place) for name, place in parts.items()}
    fail = read.get("fail")
    if fail is None or None in read.values():
        return None
    return Relative(fail, read.get("warn"))


def _allowance(place: Place) -> Allowance | None:
    given = place.fields("", "tolerance floor")
    numbers = {name: read_quantity(inner) for name, inner in given.items()}
    tolerance, floor = numbers.get("tolerance"), numbers.get("floor")
    if tolerance is None or floor is None:
        return None
    try:
        refuse_unit(tolerance, Unit.RATIO, "tolerance")
        return Allowance(tolerance.value, floor)
    except RuleError as error:
        _blamed(place, error.field).wrong(str(error))
    return None
