"""Where panels and dashboards lead: runbooks, logs and traces."""

from __future__ import annotations

import json
from urllib.parse import quote

from alerts.places import RUNBOOKS
from app.telemetry.catalog import JOB
from dashboards.model import Link

# The data sources as Grafana's provisioning names them.
LOKI_UID, JAEGER_UID = "loki", "jaeger"
# What Grafana fills in must not be escaped.
KEEP = "${}:"
EXPLORE = "/explore"


def runbook(alert: str) -> Link:
    """Lead to the runbook of an alert."""
    return Link(f"Runbook: {alert}", f"{RUNBOOKS}/{alert}")


def logs() -> Link:
    """Lead to the log lines of the time that is shown."""
    return Link("Logs of this time", _explore(LOKI_UID, {"expr": '{service_name=~"${job:regex}"}'}))


def traces() -> Link:
    """Lead to the traces of the time that is shown."""
    query = {"queryType": "search", "service": JOB}
    return Link("Traces of this time", _explore(JAEGER_UID, query))


def _explore(uid: str, query: dict[str, str]) -> str:
    pane = {
        "datasource": uid,
        "queries": [{"refId": "A", "datasource": {"uid": uid}, **query}],
        "range": {"from": "${__from}", "to": "${__to}"},
    }
    panes = quote(json.dumps({"a": pane}, separators=(",", ":")), safe=KEEP)
    return f"{EXPLORE}?schemaVersion=1&orgId=1&panes={panes}"
