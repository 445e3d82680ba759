"""SLOs as Sloth's `prometheus/v1`: one document for each run of SLOs of one service.

It has no calendar, slices, composites, probes or periods; SLOs with those are refused.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from slo.indicators import LatencySli, QuerySli, RatioSli, RawSli
from slo.model import BURN_WINDOWS, PERIOD, SCRAPE_INTERVAL
from slo.promql import duration
from slo.specs.build import alert_of, inferred_groups
from slo.specs.counted import ExportError, as_queries, exact
from slo.specs.sloth import VERSION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slo.model import Slo


def sloth_documents(slos: Sequence[Slo]) -> list[dict[str, Any]]:
    """Return the specs; raises ExportError for what Sloth cannot say."""
    return [
        {"version": VERSION, "service": service, "slos": [_slo(slo) for slo in run]}
        for service, run in groupby(slos, lambda slo: slo.service)
    ]


def _slo(slo: Slo) -> dict[str, Any]:
    try:
        _refuse(slo)
        found: dict[str, Any] = {
            "name": slo.id,
            "objective": exact(slo.objective * 100, "the objective"),
            "description": slo.description,
            "labels": dict(slo.labels),
            "sli": _sli(slo),
            "alerting": _alerting(slo),
        }
    except ValueError as error:
        raise ExportError(f"{slo.id}: {error}") from None
    return {name: value for name, value in found.items() if value}


def _refuse(slo: Slo) -> None:
    if slo.period != PERIOD:
        raise ExportError(f"a spec of Sloth has no period, and it assumes {duration(PERIOD)}")
    if slo.burn_windows != BURN_WINDOWS:
        raise ExportError("a spec of Sloth has no windows of alerts")
    if slo.scrape_interval != SCRAPE_INTERVAL:
        raise ExportError("a spec of Sloth has no scrape interval")


def _sli(slo: Slo) -> dict[str, Any]:
    match slo.sli:
        case RawSli(error_query=query):
            sli: QuerySli | RawSli = slo.sli
            found: dict[str, Any] = {"raw": {"error_ratio_query": query}}
        case RatioSli() | LatencySli() | QuerySli():
            sli = as_queries(slo.sli, slo.group_by)
            good = f"({sli.total_query}) - ({sli.good_query})"
            events = {"error_query": sli.bad_query or good, "total_query": sli.total_query}
            found = {"events": events}
        case _:
            raise ExportError(f"Sloth has no {type(slo.sli).__name__}; give good and total events")
    if inferred_groups(sli) != slo.group_by:
        raise ExportError("Sloth groups by what the queries are summed by; write sum by (…)")
    return found


def _alerting(slo: Slo) -> dict[str, Any]:
    alerting = slo.alerting
    found = {
        # Sloth demands one.
        "name": alerting.name or alert_of(slo.id),
        "labels": dict(alerting.labels),
        "annotations": dict(alerting.annotations),
        "page_alert": _alert(alerting.page_labels, alerting.page_annotations, wanted=alerting.page),
        "ticket_alert": _alert(
            alerting.ticket_labels, alerting.ticket_annotations, wanted=alerting.ticket
        ),
    }
    return {name: value for name, value in found.items() if value}


def _alert(
    labels: Mapping[str, str], annotations: Mapping[str, str], *, wanted: bool
) -> dict[str, Any]:
    found: dict[str, Any] = {
        "disable": not wanted,
        "labels": dict(labels),
        "annotations": dict(annotations),
    }
    return {name: value for name, value in found.items() if value}
