"""What a rule measures, read from its file."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from loadtests.load import ALL
from loadtests.rules.measures import (
    OPERATIONS,
    Errors,
    Measure,
    OfSlo,
    Quantile,
    Query,
    Rate,
    Under,
    Worse,
)
from loadtests.rules.units import Quantity, RuleError, Unit, quantity
from slo.objectives import OBJECTIVES
from slo.specs.locate import meant, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slo.specs.locate import Place

FIELDS = {
    "fraction": "operation under",
    "quantile": "operation quantile",
    "errors": "operation",
    "rate": "operation",
    "slo": "slo",
    "query": "query unit shape worse",
}
ONE_NUMBER = "number"
T = TypeVar("T")


def read_measure(place: Place, operations: Sequence[str]) -> Measure | None:
    """Return what a rule measures; None, and a problem, for what is none."""
    kind_place = place.mapping().get("kind")
    if kind_place is None:
        place.wrong(f"kind is missing; one of {', '.join(FIELDS)}")
        return None
    kind = kind_place.choice(tuple(FIELDS))
    if kind not in FIELDS:
        return None
    given = place.fields("", f"kind {FIELDS[kind]}")
    if kind == "slo":
        return _slo(given)
    if kind == "query":
        return _query(given)
    return _of_requests(kind, given, operations)


def read_quantity(place: Place) -> Quantity | None:
    """Return a number with its unit; None, and a problem, for what is none."""
    text = place.text()
    return None if text is None else attempt(place, lambda: quantity(text))


def attempt(place: Place, make: Callable[[], T]) -> T | None:
    """Return what is made; None, and a problem, when it is impossible."""
    try:
        return make()
    except RuleError as error:
        place.wrong(str(error))
    return None


def _slo(given: dict[str, Place]) -> Measure | None:
    known = {slo.id: slo for slo in OBJECTIVES}
    if "slo" not in given or (name := given["slo"].text()) is None:
        return None
    if name in known:
        return OfSlo(known[name])
    given["slo"].wrong(f"there is no SLO {shown(name)}; {meant(name, tuple(known))}")
    return None


def _query(given: dict[str, Place]) -> Measure | None:
    unit = given["unit"].choice(tuple(Unit)) if "unit" in given else None
    worse = given["worse"].choice(tuple(Worse)) if "worse" in given else None
    shape = given["shape"].choice((ONE_NUMBER,)) if "shape" in given else None
    text = given["query"].text() if "query" in given else None
    if text is None:
        return None
    # Made even if the rest is wrong, so that what is wrong with the query is told as well.
    made = attempt(
        given["query"],
        lambda: Query(
            text,
            Unit(unit) if unit in tuple(Unit) else Unit.COUNT,
            Worse(worse) if worse in tuple(Worse) else Worse.HIGHER,
        ),
    )
    whole = unit in tuple(Unit) and worse in tuple(Worse) and shape == ONE_NUMBER
    return made if whole else None


def _of_requests(kind: str, given: dict[str, Place], operations: Sequence[str]) -> Measure | None:
    operation = _operation(given["operation"], operations) if "operation" in given else None
    # Made even if the operation is wrong, so that what is wrong with the rest is told as well.
    made = _made(kind, given, operation or ALL)
    return made if operation is not None else None


def _made(kind: str, given: dict[str, Place], operation: str) -> Measure | None:
    if kind == "errors":
        return Errors(operation)
    if kind == "rate":
        return Rate(operation)
    if kind == "fraction" and "under" in given:
        place = given["under"]
        threshold = read_quantity(place)
        return None if threshold is None else attempt(place, partial(Under, operation, threshold))
    if kind == "quantile" and "quantile" in given:
        place = given["quantile"]
        share = place.number()
        return None if share is None else attempt(place, partial(Quantile, operation, share))
    return None


def _operation(place: Place, called: Sequence[str]) -> str | None:
    name = place.text()
    if name is None or name in (ALL, *called):
        return name
    if name in OPERATIONS:
        place.wrong(f"the plan never calls {name}; one of {', '.join((*called, ALL))}")
    else:
        place.wrong(f"there is no operation {shown(name)}; {meant(name, (*called, ALL))}")
    return None
