"""Typed indicators as the queries that they stand for."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from slo.indicators import LatencySli, QuerySli, RatioSli, aggregate
from slo.specs.queries import WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slo.promql import Selector


class ExportError(ValueError):
    """A format cannot say what an SLO says; the message names both, and what could be done."""


class Exact(Fraction):
    """A number that is written to YAML with all its digits."""


def as_queries(sli: RatioSli | LatencySli | QuerySli, by: Sequence[str]) -> QuerySli:
    """Return the queries of an indicator, for a window that is still open."""

    def count(selector: Selector) -> str:
        return f"{aggregate(by)}(increase({selector}[{WINDOW}]))"

    match sli:
        case RatioSli():
            return QuerySli(count(sli.total), bad_query=count(sli.bad_events))
        case LatencySli():
            return QuerySli(count(sli.total), good_query=count(sli.good_events))
    return sli


def exact(value: Fraction, what: str) -> Exact:
    """Return a number that has an end as a decimal; raises ExportError for one that has none."""
    rest = value.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if rest > 1:
        raise ExportError(f"{what} {value} is no decimal number; round it")
    return Exact(value)


def digits(value: Fraction) -> str:
    """Write a number that has an end as a decimal, with at least one place."""
    places = 1
    while (value * 10**places).denominator > 1:
        places += 1
    sign, whole = ("-" if value < 0 else ""), abs(value * 10**places).numerator
    text = f"{whole:0{places + 1}d}"
    return f"{sign}{text[:-places]}.{text[-places:]}"
