"""SLIs of OpenSLO v1, as indicators of ours; `slo.specs.queries` says what becomes of queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slo.indicators import ProbeSli, QuerySli, RawSli, decimal
from slo.specs.locate import meant
from slo.specs.openslo_objects import description
from slo.specs.queries import QueryError, events, grouping, instant, ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from slo.specs.locate import Place
    from slo.specs.openslo_objects import Library, Thing

# These speak PromQL over Prometheus's own interface.
PROMETHEUS = ("prometheus", "amazonprometheus", "thanos", "mimir", "cortex")
QUERIES = ("query", "promql")
# What is bad, where OpenSLO says what is good.
BAD_WHEN = {"lte": ">", "lt": ">=", "gte": "<", "gt": "<="}


@dataclass(frozen=True, slots=True)
class Threshold:
    """A query whose value each objective compares with a number."""

    query: str

    def judged(self, operator: str, value: Fraction) -> ProbeSli:
        """Return the indicator of one objective."""
        bad = f"({self.query}) {BAD_WHEN[operator]} {plain(value)}"
        return ProbeSli(self.query, bad)


Read = QuerySli | RawSli | Threshold


def plain(value: Fraction) -> str:
    """Write a decimal number exactly."""
    return f"-{decimal(-value)}" if value < 0 else decimal(value)


def read_sli(thing: Thing, library: Library) -> Read | None:
    """Read an SLI object, or one within an SLO."""
    given = thing.spec.fields("description thresholdMetric ratioMetric")
    description(given)
    if ("ratioMetric" in given) == ("thresholdMetric" in given):
        thing.spec.wrong("give one of ratioMetric and thresholdMetric")
        return None
    if "ratioMetric" in given:
        return _ratio_metric(given["ratioMetric"], library)
    query = _query(given["thresholdMetric"], library, instant)
    return None if query is None else Threshold(query)


def _ratio_metric(place: Place, library: Library) -> QuerySli | RawSli | None:
    given = place.fields("counter good bad total rawType raw")
    if "raw" in given:
        return _raw(place, given, library)
    if "rawType" in given:
        given["rawType"].wrong("rawType belongs to raw; leave it out")
    if "total" not in given or ("good" in given) == ("bad" in given):
        place.wrong("give total and one of good and bad, or raw with rawType")
        return None
    counter = given["counter"].flag() if "counter" in given else None

    def count(query: str) -> str:
        return events(query, counter=counter)

    side = "good" if "good" in given else "bad"
    total = _query(given["total"], library, count)
    part = _query(given[side], library, count)
    if total is None or part is None:
        return None
    if set(grouping(total)) != set(grouping(part)):
        given[side].wrong("it is not grouped by the labels of total; sum both by the same ones")
        return None
    return QuerySli(total, good_query=part) if side == "good" else QuerySli(total, bad_query=part)


def _raw(place: Place, given: Mapping[str, Place], library: Library) -> RawSli | None:
    if others := [name for name in ("good", "bad", "total") if name in given]:
        place.wrong(f"raw is the whole ratio; leave {others[0]} out")
    if "rawType" not in given:
        place.wrong("rawType is missing; success or failure")
    kind = given["rawType"].choice(("success", "failure")) if "rawType" in given else None
    query = _query(given["raw"], library, ratio)
    if query is None or kind is None:
        return None
    return RawSli(f"1 - ({query})" if kind == "success" else query)


def _query(place: Place, library: Library, use: Callable[[str], str]) -> str | None:
    source = place.fields("", "metricSource").get("metricSource")
    if source is None:
        return None
    given = source.fields("metricSourceRef type", "spec")
    kind = _source_type(source, given, library)
    if "spec" not in given or kind is None:
        return None
    fields = given["spec"].mapping()
    name = next((name for name in QUERIES if name in fields), None)
    if name is None:
        hint = f"; {meant(next(iter(fields)), QUERIES)}" if fields else ""
        given["spec"].wrong(f"query is missing{hint}")
        return None
    if (text := fields[name].text()) is None:
        return None
    try:
        return use(text.strip())
    except QueryError as error:
        fields[name].wrong(str(error))
        return None


def _source_type(source: Place, given: Mapping[str, Place], library: Library) -> str | None:
    """Return the type of a data source; one that is not Prometheus is a problem."""
    place = given.get("type")
    if place is None and "metricSourceRef" in given:
        thing = library.find("DataSource", given["metricSourceRef"])
        place = thing.spec.mapping().get("type") if thing else None
    elif place is None:
        source.wrong("type is missing; Prometheus, or metricSourceRef with the name of a source")
    kind = place.text() if place else None
    if kind is None or kind.lower() in PROMETHEUS:
        return kind
    source.wrong(f"a source of type {kind} cannot be asked by rules; Prometheus")
    return None
