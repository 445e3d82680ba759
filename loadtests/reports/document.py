"""A result as one JSON document, as `report.schema.json` describes it."""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from loadtests.judging.combine import worst_first
from loadtests.plan import Closed
from loadtests.reports.load_document import load_document
from loadtests.reports.words import (
    UNIT_NAMES,
    address,
    direction,
    fails_at,
    what,
    without_credentials,
)
from slo.report import result_document, window_document

if TYPE_CHECKING:
    from loadtests.arrivals.schedule import Step
    from loadtests.judging.model import Check, Ruling
    from loadtests.measurement import Chart, Measured, OperationServed
    from loadtests.result import Attempt, Conservation, RunPlan, RunResult
    from loadtests.waivers.model import Waiver

SCHEMA = 2


def json_report(result: RunResult) -> str:
    """Write the document; the same result gives the same bytes."""
    return json.dumps(run_document(result), indent=2, allow_nan=False) + "\n"


def run_document(result: RunResult) -> dict[str, Any]:
    """Turn a result into JSON; what JSON has no number for is null, and a sentence in `notes`."""
    decision = result.decision
    notes: list[str] = []
    whole = {
        "schema": SCHEMA,
        "title": result.plan.title,
        "decision": decision.outcome.value,
        "exit_code": decision.outcome.exit_code,
        "reasons": list(decision.reasons),
        "started": result.plan.started,
        "ended": result.ended,
        "plan": _plan(result.plan),
        "rulings": [_ruling(ruling) for ruling in worst_first(result.rulings)],
        "attempts": [_attempt(attempt) for attempt in result.attempts],
    }
    document: dict[str, Any] = _strict(whole, "", notes)
    return document | {"notes": notes}


def _strict(node: Any, path: str, notes: list[str]) -> Any:  # noqa: ANN401  # JSON is anything
    match node:
        case dict():
            inner = {without_credentials(str(key)): value for key, value in node.items()}
            return {k: _strict(v, f"{path}.{k}".lstrip("."), notes) for k, v in inner.items()}
        case list() | tuple():
            return [_strict(value, f"{path}[{n}]", notes) for n, value in enumerate(node)]
        case float() if not math.isfinite(node):
            notes.append(f"{path} is {_named(node)}, for which JSON has no number")
            return None
        case datetime():
            return node.isoformat()
        case str():
            return without_credentials(node)
    return node


def _named(number: float) -> str:
    if math.isnan(number):
        return "not a number"
    return "infinite" if number > 0 else "infinite below zero"


def _plan(run: RunPlan) -> dict[str, Any]:
    load, plan = run.load, run.load.plan
    closed = isinstance(plan.arrivals, Closed)
    return {
        "scenario": plan.scenario,
        "arrivals": "closed" if closed else "open",
        "seed": getattr(plan.arrivals, "seed", None),
        "seconds": plan.seconds,
        "sessions": plan.sessions,
        "processes": load.processes,
        "host": address(load.host),
        "fault": run.fault,
        "scrape_interval_seconds": run.scrape_interval.total_seconds(),
        "slos": [slo.id for slo in run.slos],
        "rules": [rule.id for rule in run.rules],
        "waivers": [_waiver(waiver) for waiver in run.waivers],
        "notes": run.notes,
        "again": run.again,
        "steps": [_step(step, planned=not closed) for step in plan.steps],
    }


def _step(step: Step, *, planned: bool) -> dict[str, Any]:
    return {
        "name": step.name,
        "seconds": step.seconds,
        "rate": step.rate if planned else None,
        "end_rate": step.last_rate if planned else None,
        "warm_up": step.warm_up,
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    rule = ruling.rule
    return {
        "rule": rule.id,
        "reason": rule.reason,
        "measure": what(rule),
        "unit": UNIT_NAMES[rule.measure.unit],
        "worse": direction(rule).value,
        "over": ruling.over,
        "status": ruling.status.value,
        "flaky": ruling.flaky,
        "waiver": None if ruling.waiver is None else _waiver(ruling.waiver),
        "measured": ruling.measured,
        "low": ruling.low,
        "high": ruling.high,
        "limit": ruling.limit,
        "warning": ruling.warning,
        "fails_at": fails_at(ruling),
        "compared": ruling.compared,
        "samples": ruling.samples,
        "minimum": ruling.minimum,
        "started": ruling.started,
        "ended": ruling.ended,
        "query": ruling.query,
        "why": ruling.why,
        "file": rule.file,
        "line": rule.line,
    }


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "id": waiver.id,
        "owner": waiver.owner,
        "approver": waiver.approver,
        "reason": waiver.reason,
        "rules": waiver.rules,
        "expires": waiver.expires.isoformat(),
        "file": waiver.file,
        "line": waiver.line,
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "kind": attempt.kind.value,
        "started": attempt.started,
        "checks": [_check(check) for check in attempt.checks],
        "rulings": [_ruling(ruling) for ruling in worst_first(attempt.rulings)],
        "slos": [result_document(slo) for slo in attempt.slos],
        "window": None if attempt.window is None else window_document(attempt.window),
        "load": None if attempt.load is None else load_document(attempt.load),
        "served": [_served(operation) for operation in attempt.served],
        "conservation": _conservation(attempt.conservation),
        "charts": [_chart(chart) for chart in attempt.charts],
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "title": check.title,
        "passed": check.passed,
        "detail": check.detail,
    }


def _measured(measured: Measured) -> dict[str, Any]:
    return {"value": measured.value, "query": measured.query}


def _served(operation: OperationServed) -> dict[str, Any]:
    return {
        "operation": operation.name,
        "requests": _measured(operation.requests),
        "failures": _measured(operation.failures),
        "seconds": {f"p{share * 100:g}": _measured(m) for share, m in operation.quantiles.items()},
    }


def _conservation(conservation: Conservation | None) -> dict[str, Any] | None:
    if conservation is None:
        return None
    return {
        "acknowledged": conservation.acknowledged,
        "rows": conservation.rows,
        "metric": _measured(conservation.metric),
        "unanswered": conservation.unanswered,
        "problems": conservation.problems(),
    }


def _chart(chart: Chart) -> dict[str, Any]:
    return {
        "title": chart.title,
        "unit": chart.unit,
        "query": chart.query,
        "series": [{"labels": s.labels, "points": s.points} for s in chart.series],
    }
