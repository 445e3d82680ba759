"""The result of a judged load run: one model, from which every report is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.telemetry.catalog import SWIPE_CREATE
from slo.gate import Decision, Outcome, decide
from slo.report import result_document, window_document

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from loadtests.generator import LoadOptions, LoadResult
    from loadtests.measurement import Chart, Measured, OperationServed
    from slo.model import Slo
    from slo.queries import Between
    from slo.report import SloResult

SCHEMA = 1
NEW_SWIPE = 201


@dataclass(frozen=True, slots=True)
class Conservation:
    """One count of swipes, taken at three places that must agree exactly.

    Without `rows` others may swipe on the same service, and the metric may only be higher.
    """

    acknowledged: int
    rows: int | None
    metric: Measured
    unanswered: int

    def problems(self) -> list[str]:
        """Say where the counts part, one sentence each."""
        found = []
        if self.unanswered:
            found.append(f"{self.unanswered} requests got no answer: nobody knows what they did")
        metric = self.metric.value
        alone = self.rows is not None
        if metric is None or metric < self.acknowledged or (alone and metric > self.acknowledged):
            says = "nothing" if metric is None else f"{metric:.0f}"
            found.append(f"{self.acknowledged} swipes were acknowledged, the metric says {says}")
        if self.rows is not None and self.rows != self.acknowledged:
            found.append(
                f"{self.acknowledged} swipes were acknowledged, PostgreSQL has {self.rows} new rows"
            )
        return found


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What a judged run is: its name in reports, its promises, its load, its scrapes."""

    title: str
    slos: tuple[Slo, ...]
    load: LoadOptions
    scrape_interval: timedelta
    started: datetime
    fault: str = "none"


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything that a run has shown. `invalid` says why it is no evidence; empty when it is."""

    plan: RunPlan
    ended: datetime
    slos: list[SloResult]
    window: Between | None = None
    load: LoadResult | None = None
    served: list[OperationServed] = field(default_factory=list)
    conservation: Conservation | None = None
    charts: list[Chart] = field(default_factory=list)
    invalid: list[str] = field(default_factory=list)

    @property
    def decision(self) -> Decision:
        """Decide; an invalid run decides nothing, whatever it measured."""
        if self.invalid:
            return Decision(Outcome.UNDECIDED, tuple(self.invalid))
        return decide(self.slos)


def acknowledged_swipes(load: LoadResult) -> int:
    """Count the swipes that were answered with 201."""
    operation = load.operations.get(SWIPE_CREATE.operation)
    return 0 if operation is None else operation.answers[NEW_SWIPE]


def run_document(result: RunResult) -> dict[str, object]:
    """Turn a result into JSON; numbers from Prometheus stand beside the query that gives them."""
    decision = result.decision
    return {
        "schema": SCHEMA,
        "title": result.plan.title,
        "decision": decision.outcome.value,
        "reasons": list(decision.reasons),
        "fault": result.plan.fault,
        "adopters": result.plan.load.adopters,
        "seconds": result.plan.load.seconds,
        "started": result.plan.started.isoformat(),
        "ended": result.ended.isoformat(),
        "window": None if result.window is None else window_document(result.window),
        "slos": [result_document(slo) for slo in result.slos],
        "conservation": _conservation(result.conservation),
        "served": [_served(operation) for operation in result.served],
        "generator": _generator(result.load),
        "charts": [
            {
                "title": chart.title,
                "unit": chart.unit,
                "query": chart.query,
                "series": [{"labels": s.labels, "points": s.points} for s in chart.series],
            }
            for chart in result.charts
        ],
    }


def _measured(measured: Measured) -> dict[str, object]:
    return {"value": measured.value, "query": measured.query}


def _conservation(conservation: Conservation | None) -> dict[str, object] | None:
    if conservation is None:
        return None
    return {
        "acknowledged": conservation.acknowledged,
        "rows": conservation.rows,
        "metric": _measured(conservation.metric),
        "unanswered": conservation.unanswered,
    }


def _served(operation: OperationServed) -> dict[str, object]:
    return {
        "operation": operation.name,
        "requests": _measured(operation.requests),
        "failures": _measured(operation.failures),
        "seconds": {str(share): _measured(m) for share, m in operation.quantiles.items()},
    }


def _generator(load: LoadResult | None) -> dict[str, object] | None:
    if load is None:
        return None
    return {
        "started": load.started.isoformat(),
        "load_started": load.load_started.isoformat(),
        "load_ended": load.load_ended.isoformat(),
        "operations": {
            name: {
                "answers": {str(status): n for status, n in sorted(operation.answers.items())},
                "milliseconds": {str(q): operation.quantile(q) for q in (0.5, 0.95, 0.99)},
            }
            for name, operation in load.operations.items()
        },
    }
