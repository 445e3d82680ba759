"""The normalising pass: what grafanalib writes, without what Grafana has given up.

Known keys pass and everything else goes, so a key of an old Grafana cannot come back unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

# That of Grafana 13's classic JSON.
SCHEMA_VERSION = 42
PLUGIN_VERSION = "13.0.0"

DASHBOARD = (
    "annotations", "description", "editable", "graphTooltip", "id", "links", "panels", "refresh",
    "tags", "templating", "time", "timezone", "title", "uid",
)  # fmt: skip
PANEL = (
    "datasource", "description", "fieldConfig", "gridPos", "id", "interval", "links", "options",
    "targets", "title", "transformations", "type",
)  # fmt: skip
ROW = ("collapsed", "gridPos", "id", "panels", "title", "type")
TARGET = (
    "datasource", "direction", "editorMode", "exemplar", "expr", "format", "instant",
    "legendFormat", "queryType", "range", "refId",
)  # fmt: skip
# Loki has neither.
OF_PROMETHEUS = ("exemplar", "format", "instant", "range")
LINK = (
    "asDropdown", "icon", "includeVars", "keepTime", "tags", "targetBlank", "title", "tooltip",
    "type", "url",
)  # fmt: skip
# What Grafana wants of a link of a panel, too.
PLAIN_LINK = {
    "asDropdown": False, "icon": "external link", "includeVars": False, "keepTime": False,
    "tags": [], "tooltip": "", "type": "link",
}  # fmt: skip
DATA_SOURCE_VARIABLE = ("hide", "label", "name", "query", "refresh", "type")
QUERY_VARIABLE = (
    "allValue", "datasource", "hide", "includeAll", "label", "multi", "name", "query", "refresh",
    "sort", "type",
)  # fmt: skip


def normalise(dashboard: dict[str, Any]) -> dict[str, object]:
    """Bring a dashboard of grafanalib to the shape that Grafana itself would save today."""
    found = _only(dashboard, DASHBOARD)
    found["schemaVersion"] = SCHEMA_VERSION
    found["id"] = None
    found["panels"] = [_panel(panel) for panel in dashboard["panels"]]
    found["links"] = [_only(link, LINK) for link in dashboard["links"]]
    variables = dashboard["templating"]["list"]
    found["templating"] = {"list": [_variable(variable) for variable in variables]}
    found["timepicker"] = {}
    found["fiscalYearStartMonth"] = 0
    found["liveNow"] = False
    found["preload"] = False
    return found


def _panel(panel: dict[str, Any]) -> dict[str, object]:
    if panel["type"] == "row":
        return _only(panel, ROW)
    found = _only(panel, PANEL)
    found["pluginVersion"] = PLUGIN_VERSION
    found["links"] = [PLAIN_LINK | link for link in panel["links"]]
    if panel.get("targets"):
        found["targets"] = [_target(target) for target in panel["targets"]]
    else:
        found.pop("targets", None)
    if not panel.get("transformations"):
        found.pop("transformations", None)
    return found


def _target(target: dict[str, Any]) -> dict[str, object]:
    loki = target["datasource"]["type"] == "loki"
    return _only(target, [key for key in TARGET if not (loki and key in OF_PROMETHEUS)])


def _variable(variable: dict[str, Any]) -> dict[str, object]:
    if variable["type"] == "datasource":
        found = _only(variable, DATA_SOURCE_VARIABLE)
        source = variable["query"]
        return found | {"current": {"text": source.capitalize(), "value": source}, "options": []}
    found = _only(variable, QUERY_VARIABLE)
    query = {"query": variable["query"], "refId": "PrometheusVariableQueryEditor-VariableQuery"}
    everything = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return found | {"query": query, "current": everything, "options": [], "regex": ""}


def _only(found: dict[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    return {key: found[key] for key in keys if key in found and found[key] is not None}
