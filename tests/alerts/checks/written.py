"""Rule files as somebody might write them, for the checks to read."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from alerts.places import GRAFANA, RUNBOOKS
from alerts.prometheus_config import prometheus_document
from alerts.reading.loaded import ROOT, load
from alerts.rule_files import dump
from alerts.signal import Dashboard

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from alerts.reading.loaded import Loaded

Rule = dict[str, Any]
# What the others read: one of two jobs, one of instances, and one that is never 0.
RECORDS: list[Rule] = [
    {
        "record": "job:http_requests:rate5m",
        "expr": "sum by (job) (rate(http_server_request_duration_seconds_count[5m]))",
    },
    {"record": "instance:redis:up", "expr": 'min by (job, instance) (redis_up{job="redis"})'},
    {"record": "slo:error_budget:ratio", "expr": "vector(0.05)", "labels": {"sloth_slo": "deck"}},
]
GOOD: Rule = {
    "alert": "CacheDown",
    "expr": "instance:redis:up < 1",
    "for": "1m",
    "labels": {
        "severity": "warning",
        "alert_type": "cause",
        "team": "platform",
        "channel": "chat",
    },
    "annotations": {
        "summary": "Valkey does not answer.",
        "description": "{{ $labels.instance }} shows {{ $value }}.",
        "runbook_url": f"{RUNBOOKS}/CacheDown",
        "dashboard_url": f"{GRAFANA}/d/cache/cache?viewPanel=panel-7&from=now-3h&to=now",
    },
}


def good(**changes: Any) -> Rule:
    """Return an alert that every check accepts, with changes; None takes a part out.

    A mapping changes the parts of labels or annotations.
    """
    rule = deepcopy(GOOD)
    for key, value in changes.items():
        name = key.rstrip("_")
        if isinstance(value, dict):
            rule[name] = {k: v for k, v in {**rule[name], **value}.items() if v is not None}
        elif value is None:
            del rule[name]
        else:
            rule[name] = value
    return rule


def recorded(expr: str, record: str = "service:mine:ratio", **labels: str) -> Rule:
    """Return a recording rule."""
    return {"record": record, "expr": expr, "labels": labels}


def written(
    folder: Path,
    *rules: Rule,
    interval: str = "30s",
    root: Path = ROOT,
    settings: dict[str, Any] | None = None,
) -> Loaded:
    """Write rules after those that they read, and load them."""
    config = prometheus_document()
    for key, value in (settings or {}).items():
        held = config.get(key)
        config[key] = {**held, **value} if isinstance(held, dict) else value
    (folder / "prometheus.yml").write_text(dump(config))
    groups = [
        {"name": "records", "interval": "30s", "rules": RECORDS},
        {"name": "mine", "interval": interval, "rules": list(rules)},
    ]
    (folder / "mine.rules.yml").write_text(dump({"groups": groups}))
    return load(folder, root)


def draw(root: Path, *expressions: str) -> None:
    """Write every dashboard; the first has panels of these expressions."""
    folder = root / "dashboards" / "generated"
    folder.mkdir(parents=True, exist_ok=True)
    panels = [{"targets": [{"expr": expr}]} for expr in expressions]
    for uid in Dashboard:
        (folder / f"{uid}.json").write_text('{"title": "up to date", "panels": []}')
    (folder / "application.json").write_text(json.dumps({"title": "up", "panels": panels}))


def said(check: ModuleType, loaded: Loaded) -> list[str]:
    """Run a check, and return its messages; each names the check and, of a rule, its line."""
    problems = list(check.check(loaded))
    assert all(problem.check == check.ID for problem in problems)
    assert all("\n" not in str(problem) for problem in problems)
    return [problem.message for problem in problems]
