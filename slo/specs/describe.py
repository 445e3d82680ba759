"""SLOs that were read, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slo.indicators import (
    Counted,
    LatencySli,
    ProbeSli,
    QuerySli,
    RatioSli,
    RawSli,
    SliceSli,
    decimal,
)
from slo.model import Calendar, CompositeSli
from slo.promql import duration
from slo.specs.counted import as_queries

if TYPE_CHECKING:
    from datetime import timedelta

    from slo.model import Slo
    from slo.specs.read import Reading


def specs_lines(reading: Reading) -> list[str]:
    """Lay out one line an SLO: what it promises, how it counts, where it stands."""
    rows = [("SLO", "service", "objective", "period", "counts", "from")]
    for slo, place in zip(reading.slos, reading.places, strict=True):
        objective = f"{decimal(slo.objective * 100)} %"
        period = period_text(slo.period)
        rows.append((slo.id, slo.service, objective, period, _kind(slo.sli), place))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = (zip(row, widths, strict=True) for row in rows)
    return ["  ".join(cell.ljust(width) for cell, width in row).rstrip() for row in padded]


def slo_document(slo: Slo) -> dict[str, Any]:
    """Return an SLO for a program; numbers are texts, because they are exact."""
    return {
        "id": slo.id,
        "service": slo.service,
        "title": slo.title,
        "description": slo.description,
        "objective": decimal(slo.objective),
        "period": period_text(slo.period),
        "sli": _sli(slo.sli, slo.group_by),
        "group_by": list(slo.group_by),
        "burn_windows": [
            {
                "severity": window.severity.value,
                "factor": decimal(window.factor(slo.length)),
                "long": duration(window.long),
                "short": duration(window.short),
            }
            for window in slo.burn_windows
        ],
        "scrape_interval": duration(slo.scrape_interval),
        "labels": dict(slo.labels),
        "alerting": {
            "page": slo.alerting.page,
            "ticket": slo.alerting.ticket,
            "name": slo.alerting.name,
            "labels": dict(slo.alerting.labels),
            "page_labels": dict(slo.alerting.page_labels),
            "ticket_labels": dict(slo.alerting.ticket_labels),
            "annotations": dict(slo.alerting.annotations),
            "page_annotations": dict(slo.alerting.page_annotations),
            "ticket_annotations": dict(slo.alerting.ticket_annotations),
        },
    }


def period_text(period: timedelta | Calendar) -> str:
    """Write a period, like `28d` or `month, America/New_York`."""
    if isinstance(period, Calendar):
        return f"{period.unit.value}, {period.zone}"
    return duration(period)


def _kind(sli: Counted | RawSli | CompositeSli) -> str:
    match sli:
        case SliceSli():
            return f"slices of {duration(sli.length)}"
        case ProbeSli():
            return "moments"
        case RawSli():
            return "a ratio"
        case CompositeSli():
            return f"{len(sli.parts)} parts"
    return "events"


def _sli(sli: Any, by: tuple[str, ...]) -> dict[str, Any]:  # noqa: ANN401  # any indicator
    match sli:
        case RatioSli() | LatencySli():
            return _sli(as_queries(sli, by), by)
        case QuerySli():
            side = {"good": sli.good_query} if sli.good_query else {"bad": sli.bad_query}
            return {"kind": "events", "total": sli.total_query, **side}
        case RawSli():
            return {"kind": "ratio", "error_ratio": sli.error_query}
        case ProbeSli():
            return {"kind": "moments", "total": sli.total_query, "bad": sli.bad_query}
        case SliceSli():
            whole = {"length": duration(sli.length), "target": decimal(sli.target)}
            return {"kind": "slices", **whole, "of": _sli(sli.of, by)}
    parts = [
        {"name": part.name, "weight": decimal(part.weight), "sli": _sli(part.sli, by)}
        for part in sli.parts
    ]
    return {"kind": "parts", "parts": parts}
