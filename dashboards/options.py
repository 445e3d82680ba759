"""How Grafana's panels are laid out: legends, tooltips, and what each kind has besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.model import COLUMNS, Kind

if TYPE_CHECKING:
    from dashboards.model import Panel

LAST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
LEGEND = {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": True}
NUMBERED = {**LEGEND, "calcs": ["lastNotNull", "max"], "displayMode": "table"}
ALL_AT_CURSOR = {"hideZeros": False, "mode": "multi", "sort": "desc"}
# Left to itself, Grafana shrinks the names of tiles until they fit on a line.
READABLE = {"titleSize": 12, "valueSize": 28}
BESIDE = {**NUMBERED, "placement": "right"}
# A narrower panel has no room for numbers beside its legend.
WIDE = 12
# As many rows of numbers leave room for the chart above them.
FEW = 3


def options(panel: Panel) -> dict[str, object]:
    """Say how a panel of its kind is laid out."""
    return OPTIONS[panel.kind](panel)


def _of_time_series(panel: Panel) -> dict[str, object]:
    return {"legend": _legend(panel), "tooltip": ALL_AT_CURSOR}


def _legend(panel: Panel) -> dict[str, object]:
    if panel.width == COLUMNS:
        return BESIDE
    # How many series a label makes, nobody knows here.
    few = len(panel.queries) <= FEW and not any("{{" in query.legend for query in panel.queries)
    return NUMBERED if few and panel.width >= WIDE else LEGEND


def _of_stat(panel: Panel) -> dict[str, object]:
    return {
        "colorMode": "background" if panel.thresholds.steps or panel.states else "value",
        "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
        "percentChangeColorMode": "standard", "reduceOptions": LAST, "showPercentChange": False,
        "textMode": "auto", "wideLayout": True,
        **({"text": READABLE} if len(panel.queries) > 1 else {}),
    }  # fmt: skip


def _of_gauge(_: Panel) -> dict[str, object]:
    return {
        "barShape": "flat", "barWidthFactor": 0.5,
        "effects": {"barGlow": False, "centerGlow": False, "gradient": False},
        "endpointMarker": "none", "minVizHeight": 75, "minVizWidth": 75, "orientation": "auto",
        "reduceOptions": LAST, "segmentCount": 1, "segmentSpacing": 0.3, "shape": "gauge",
        "showThresholdLabels": False, "showThresholdMarkers": True, "sizing": "auto",
        "sparkline": False, "textMode": "auto",
    }  # fmt: skip


def _of_bar_gauge(_: Panel) -> dict[str, object]:
    return {
        "displayMode": "gradient", "legend": {**LEGEND, "showLegend": False}, "maxVizHeight": 300,
        "minVizHeight": 16, "minVizWidth": 8, "namePlacement": "auto", "orientation": "horizontal",
        "reduceOptions": LAST, "showUnfilled": True, "sizing": "auto", "valueMode": "color",
    }  # fmt: skip


def _of_heatmap(panel: Panel) -> dict[str, object]:
    unit = None if panel.unit is None else panel.unit.value
    return {
        "calculate": False, "cellGap": 1,
        "color": {
            "exponent": 0.5, "fill": "dark-orange", "mode": "scheme", "reverse": False,
            "scale": "exponential", "scheme": "Oranges", "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"}, "filterValues": {"le": 1e-9},
        "legend": {"show": True}, "rowsFrame": {"layout": "auto"}, "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": True, "yHistogram": True},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": unit},
    }  # fmt: skip


def _of_table(_: Panel) -> dict[str, object]:
    return {"cellHeight": "sm", "frameIndex": 0, "showHeader": True}


def _of_state_timeline(_: Panel) -> dict[str, object]:
    return {
        "alignValue": "left", "legend": LEGEND, "mergeValues": True, "rowHeight": 0.9,
        "showValue": "auto", "tooltip": ALL_AT_CURSOR,
    }  # fmt: skip


def _of_logs(_: Panel) -> dict[str, object]:
    return {
        "dedupStrategy": "none", "enableLogDetails": True, "prettifyLogMessage": False,
        "showCommonLabels": False, "showLabels": False, "showLogContextToggle": False,
        "showTime": True,
        "sortOrder": "Descending", "wrapLogMessage": True,
    }  # fmt: skip


def _of_text(panel: Panel) -> dict[str, object]:
    return {
        "code": {"language": "plaintext", "showLineNumbers": False, "showMiniMap": False},
        "content": panel.content, "mode": "markdown",
    }  # fmt: skip


def _of_alert_list(panel: Panel) -> dict[str, object]:
    return {
        "alertInstanceLabelFilter": panel.content, "alertName": "", "dashboardAlerts": False,
        "groupBy": [], "groupMode": "default", "maxItems": 20, "sortOrder": 1,
        "stateFilter": {
            "error": True, "firing": True, "noData": False, "normal": False, "pending": True,
        },
        "viewMode": "list",
    }  # fmt: skip


OPTIONS = {
    Kind.TIME_SERIES: _of_time_series,
    Kind.STAT: _of_stat,
    Kind.GAUGE: _of_gauge,
    Kind.BAR_GAUGE: _of_bar_gauge,
    Kind.HEATMAP: _of_heatmap,
    Kind.TABLE: _of_table,
    Kind.STATE_TIMELINE: _of_state_timeline,
    Kind.LOGS: _of_logs,
    Kind.TEXT: _of_text,
    Kind.ALERT_LIST: _of_alert_list,
}
