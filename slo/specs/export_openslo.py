"""SLOs as OpenSLO v1: one document each, its indicator within, what is ours in annotations."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from slo.indicators import LatencySli, ProbeSli, QuerySli, RatioSli, RawSli, SliceSli
from slo.model import Calendar, CompositeSli
from slo.specs.annotations import written
from slo.specs.build import inferred_groups
from slo.specs.counted import ExportError, as_queries, exact
from slo.specs.durations import CALENDAR_TEXT, rolling_text
from slo.specs.openslo_indicators import BAD_WHEN
from slo.specs.openslo_objects import LONGEST_DESCRIPTION, VERSION

if TYPE_CHECKING:
    from datetime import timedelta

    from slo.model import Slo

GOOD_WHEN = {bad: good for good, bad in BAD_WHEN.items()}
COMPARED = re.compile(r"(>=|<=|>|<) (-?\d+(?:\.\d+)?)")


def openslo_document(slo: Slo) -> dict[str, Any]:
    """Return the SLO object; raises ExportError for what OpenSLO cannot say."""
    if len(slo.description) > LONGEST_DESCRIPTION:
        raise ExportError(f"{slo.id}: OpenSLO allows {LONGEST_DESCRIPTION} letters of description")
    try:
        return {
            "apiVersion": VERSION,
            "kind": "SLO",
            "metadata": _metadata(slo),
            "spec": _spec(slo),
        }
    except ValueError as error:
        raise ExportError(f"{slo.id}: {error}") from None


def _metadata(slo: Slo) -> dict[str, Any]:
    queries = _plain(slo.sli, slo.group_by)
    annotations = written(slo, inferred_groups(queries))
    found: dict[str, Any] = {"name": slo.id, "displayName": slo.title}
    if slo.labels:
        found["labels"] = dict(slo.labels)
    if annotations:
        found["annotations"] = annotations
    return found


def _spec(slo: Slo) -> dict[str, Any]:
    sliced = isinstance(_parts(slo)[0][1], SliceSli)
    found: dict[str, Any] = {"description": slo.description, "service": slo.service}
    objectives = [_objective(slo, name, sli, weight) for name, sli, weight in _parts(slo)]
    if not isinstance(slo.sli, CompositeSli):
        found["indicator"] = objectives[0].pop("indicator")
    found["timeWindow"] = [_time_window(slo.period)]
    found["budgetingMethod"] = "Timeslices" if sliced else "Occurrences"
    found["objectives"] = objectives
    return {name: value for name, value in found.items() if value != ""}


def _parts(slo: Slo) -> list[tuple[str, Any, Fraction | None]]:
    """Return the indicators of an SLO with their names, and weights if there are several."""
    if not isinstance(slo.sli, CompositeSli):
        return [(slo.id, slo.sli, None)]
    if len({isinstance(part.sli, SliceSli) for part in slo.sli.parts}) > 1:
        raise ExportError("OpenSLO has one budgeting method; slices for all parts or for none")
    return [(part.name, part.sli, part.weight) for part in slo.sli.parts]


def _objective(slo: Slo, name: str, sli: Any, weight: Fraction | None) -> dict[str, Any]:  # noqa: ANN401  # any indicator
    found: dict[str, Any] = {}
    inner = sli
    if isinstance(sli, SliceSli):
        inner = sli.of
        found["timeSliceTarget"] = exact(sli.target, "the target of a slice")
        found["timeSliceWindow"] = rolling_text(sli.length)
    if isinstance(inner, ProbeSli):
        metric, compared = _threshold(inner)
        found |= compared
    else:
        metric = _metric(inner, slo.group_by)
    found["target"] = exact(slo.objective, "the objective")
    found["indicator"] = {"metadata": {"name": name}, "spec": metric}
    if weight is not None:
        found["compositeWeight"] = exact(weight, "the weight")
    return found


def _metric(sli: RatioSli | LatencySli | QuerySli | RawSli, by: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(sli, RawSli):
        return {"ratioMetric": {"rawType": "failure", "raw": _source(sli.error_query)}}
    queries = as_queries(sli, by)
    side = {"good": queries.good_query} if queries.good_query else {"bad": queries.bad_query}
    sources = {
        name: _source(query) for name, query in {**side, "total": queries.total_query}.items()
    }
    return {"ratioMetric": {"counter": True, **sources}}


def _threshold(sli: ProbeSli) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the metric and the comparison of a probe whose bad moments are told by its value."""
    start = f"({sli.total_query}) "
    found = COMPARED.fullmatch(sli.bad_query.removeprefix(start))
    if not sli.bad_query.startswith(start) or not found:
        raise ExportError(
            f"OpenSLO compares the value of one query by lt, lte, gt or gte; bad is no {start}> 1"
        )
    value = exact(Fraction(found[2]), "the value")
    metric = {"thresholdMetric": _source(sli.total_query)}
    return metric, {"op": GOOD_WHEN[found[1]], "value": value}


def _source(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _time_window(period: timedelta | Calendar) -> dict[str, Any]:
    if not isinstance(period, Calendar):
        return {"duration": rolling_text(period), "isRolling": True}
    calendar = {"startTime": f"{period.first} 00:00:00", "timeZone": period.zone}
    return {"duration": CALENDAR_TEXT[period.unit], "isRolling": False, "calendar": calendar}


def _plain(sli: Any, by: tuple[str, ...]) -> Any:  # noqa: ANN401
    """Return an indicator with queries in place of the catalogue, to see how it is grouped."""
    match sli:
        case RatioSli() | LatencySli():
            return as_queries(sli, by)
        case SliceSli():
            return SliceSli(_plain(sli.of, by), sli.length, sli.target)
        case CompositeSli():
            parts = (type(p)(p.name, p.weight, _plain(p.sli, by)) for p in sli.parts)
            return CompositeSli(tuple(parts))
    return sli
