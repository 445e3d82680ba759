"""Dashboards as somebody might write them, for the checks to read."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from alerts.places import RUNBOOKS
from dashboards.checks.loaded import load
from tests.alerts.checks.written import good, written

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from dashboards.checks.loaded import Loaded

Json = dict[str, Any]
GONE: Any = object()
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
LOKI_SOURCE = {"type": "loki", "uid": "${loki_datasource}"}
CHOSEN = 'job=~"$job",instance=~"$instance"'
REQUESTS = "http_server_request_duration_seconds_count"
PANEL, OTHER = ("panels", 0), ("panels", 1)
EXPR = (*OTHER, "targets", 0, "expr")


def variable(name: str, query: str) -> Json:
    return {
        "name": name,
        "label": name.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": "A"},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def link(url: str) -> Json:
    return {
        "title": "Runbook",
        "type": "link",
        "url": url,
        "asDropdown": False,
        "icon": "",
        "includeVars": False,
        "keepTime": False,
        "tags": [],
        "targetBlank": True,
        "tooltip": "",
    }


def panel(number: int, title: str, expr: str, legend: str) -> Json:
    target = {"refId": "A", "datasource": SOURCE, "expr": expr, "legendFormat": legend}
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "description": "Drawn for the checks to read.",
        "datasource": SOURCE,
        "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0},
        "targets": [target],
        "fieldConfig": {
            "defaults": {
                "unit": "short",
                "custom": {"drawStyle": "line"},
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"color": "red", "value": None}, {"color": "green", "value": 1}],
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {
                "calcs": [],
                "displayMode": "list",
                "placement": "bottom",
                "showLegend": True,
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    }


GOOD: Json = {
    "uid": "cache",
    "title": "Cache",
    "description": "Whether Valkey answers, and how fast.",
    "schemaVersion": 42,
    "editable": False,
    "templating": {
        "list": [
            {
                "name": "datasource",
                "label": "Data source",
                "type": "datasource",
                "query": "prometheus",
            },
            variable("job", "label_values(up, job)"),
            variable("instance", 'label_values(up{job=~"$job"}, instance)'),
        ]
    },
    "annotations": {
        "list": [
            {
                "name": "Versions",
                "datasource": SOURCE,
                "enable": True,
                "iconColor": "purple",
                "target": {"refId": "A", "expr": f"changes(petswipe_build_info{{{CHOSEN}}}[5m])"},
                "titleFormat": "{{version}}",
            }
        ]
    },
    "panels": [
        panel(7, "Valkey up", f"instance:redis:up{{{CHOSEN}}}", "{{instance}}")
        | {"links": [link(f"{RUNBOOKS}/CacheDown")]},
        panel(8, "Requests", f"sum(rate({REQUESTS}{{{CHOSEN}}}[$__rate_interval]))", "all"),
    ],
}


def changed(*edits: tuple[tuple[str | int, ...], Any]) -> Json:
    """Return a board that every check accepts, with a value at each path; GONE takes it out."""
    board: Any = deepcopy(GOOD)
    for (*above, last), value in edits:
        place = board
        for key in above:
            place = place[key]
        if value is GONE:
            del place[last]
        elif isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value
    found: Json = board
    return found


def with_logs(expr: str) -> Json:
    """Return a board that also asks Loki."""
    logs = panel(9, "Lines", expr, "") | {"datasource": LOKI_SOURCE}
    logs["targets"] = [{"refId": "A", "datasource": LOKI_SOURCE, "expr": expr}]
    loki = {
        "name": "loki_datasource",
        "label": "Loki data source",
        "type": "datasource",
        "query": "loki",
    }
    named = {"name": "prometheus_datasource", "label": "Prometheus data source"}
    board = changed(
        (("templating", "list", 3), loki),
        (("templating", "list", 0), GOOD["templating"]["list"][0] | named),
        (("panels", 2), logs),
    )
    text = json.dumps(board).replace("${datasource}", "${prometheus_datasource}")
    found: Json = json.loads(text)
    return found


def drawn(root: Path, *boards: Json, rules: tuple[Json, ...] = ()) -> Loaded:
    """Write boards beside an alert on the first panel, or other rules, and load them."""
    alerts, folder = root / "alerts" / "generated", root / "dashboards" / "generated"
    for each in (alerts, folder):
        each.mkdir(parents=True, exist_ok=True)
    written(alerts, *(rules or (good(),)))
    for number, board in enumerate(boards or (GOOD,)):
        (folder / f"board-{number}.json").write_text(json.dumps(board))
    return load(folder, root)


def said(check: ModuleType, loaded: Loaded) -> list[str]:
    """Run a check, and return its messages; each names the check and a place."""
    problems = list(check.check(loaded))
    assert all(problem.check == check.ID for problem in problems)
    assert all("\n" not in str(problem) for problem in problems)
    return [problem.message for problem in problems]
