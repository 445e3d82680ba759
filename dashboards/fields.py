"""How Grafana's panels show values: units, limits, colours, legends, in today's shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.signal import Unit
from dashboards.links import EXPLORE
from dashboards.model import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dashboards.model import Panel, Query, State, Thresholds

NOWHERE_HIDDEN = {"legend": False, "tooltip": False, "viz": False}
# What has no alert has no line either.
NO_LINE, LINE, AREA = "off", "line", "line+area"
# The lowest colour of a chart's background, where all is fine.
CLEAR = "transparent"
COLORED_BY_VALUE = (Kind.STAT, Kind.GAUGE, Kind.STATE_TIMELINE)
# Below Grafana's own 150 pixels: half a board holds six columns.
LEAST_COLUMN = 80
# What a cell shows that other rows have a value for.
EMPTY = "–"


def ref_of(number: int) -> str:
    """Name a query as Grafana does: A, B, C."""
    return chr(ord("A") + number)


def field_config(panel: Panel) -> dict[str, object]:
    """Say how the values of a panel are written and coloured."""
    if panel.kind is Kind.LOGS or panel.unit is None:
        return {"defaults": {}, "overrides": []}
    defaults: dict[str, object] = {
        "color": {"mode": "thresholds" if panel.kind in COLORED_BY_VALUE else "palette-classic"},
        "custom": _custom(panel),
        "mappings": _mappings(panel.states),
        "noValue": _nothing(panel),
        "thresholds": _thresholds(panel.kind, panel.thresholds),
        "unit": panel.unit.value,
    }
    if not defaults["custom"]:
        defaults.pop("custom")
    ends = {"min": panel.low, "max": panel.high, "decimals": _decimals(panel)}
    defaults |= {key: value for key, value in ends.items() if value is not None}
    if links := [link for link in panel.links if link.url.startswith(EXPLORE)]:
        defaults["links"] = [
            {"targetBlank": True, "title": link.title, "url": link.url} for link in links
        ]
    return {"defaults": defaults, "overrides": list(_overrides(panel))}


def _decimals(panel: Panel) -> int | None:
    """Write counts without a fraction: that of an increase is a guess between two scrapes."""
    return 0 if panel.unit is Unit.COUNT else panel.decimals


def _nothing(panel: Panel) -> str:
    """Say why there may be nothing to see, and never that all is well."""
    return f"{panel.nothing}, or no data" if panel.nothing else "No data"


def _custom(panel: Panel) -> dict[str, object]:
    if panel.kind is Kind.TIME_SERIES:
        return _lines(panel)
    if panel.kind is Kind.STATE_TIMELINE:
        return {
            "axisPlacement": "auto",
            "fillOpacity": 70,
            "hideFrom": NOWHERE_HIDDEN,
            "lineWidth": 0,
        }
    if panel.kind is Kind.HEATMAP:
        return {"hideFrom": NOWHERE_HIDDEN, "scaleDistribution": {"type": "linear"}}
    if panel.kind is Kind.TABLE:
        return {
            "align": "auto",
            "cellOptions": {"type": "auto"},
            "inspect": False,
            "minWidth": LEAST_COLUMN,
        }
    return {}


def _lines(panel: Panel) -> dict[str, object]:
    reached = _reached(panel)
    return {
        "axisBorderShow": False, "axisCenteredZero": False, "axisColorMode": "text",
        "axisLabel": "", "axisPlacement": "auto", "barAlignment": 0, "barWidthFactor": 0.6,
        "drawStyle": "line", "fillOpacity": 30 if panel.stacked else 10, "gradientMode": "none",
        "hideFrom": NOWHERE_HIDDEN, "insertNulls": False, "lineInterpolation": "linear",
        "lineWidth": 1, "pointSize": 5, "scaleDistribution": {"type": "linear"},
        "showPoints": "auto", "showValues": False, "spanNulls": False,
        "stacking": {"group": "A", "mode": "normal" if panel.stacked else "none"},
        "thresholdsStyle": {"mode": _style(panel.thresholds)},
        **({} if reached is None else {"axisSoftMax": reached}),
    }  # fmt: skip


def _reached(panel: Panel) -> float | None:
    """Return what the axis shows at least: of a small share, where its last alert begins."""
    if panel.unit is not Unit.SHARE or panel.high is not None or not panel.thresholds.steps:
        return None
    return panel.thresholds.steps[-1].value


def _style(thresholds: Thresholds) -> str:
    if not thresholds.steps:
        return NO_LINE
    return AREA if thresholds.area else LINE


def _thresholds(kind: Kind, thresholds: Thresholds) -> dict[str, object]:
    clear = kind is Kind.TIME_SERIES
    colors = [thresholds.base, *(step.color for step in thresholds.steps)]
    values = [None, *(step.value for step in thresholds.steps)]
    steps = [
        {"color": CLEAR if clear and color == "green" else color, "value": value}
        for color, value in zip(colors, values, strict=True)
    ]
    return {"mode": "percentage" if thresholds.of_maximum else "absolute", "steps": steps}


def _mappings(states: tuple[State, ...]) -> list[dict[str, object]]:
    if not states:
        return []
    options = {
        str(state.value): {"color": state.color, "index": index, "text": state.text}
        for index, state in enumerate(states)
    }
    return [{"options": options, "type": "value"}]


def _overrides(panel: Panel) -> Iterator[dict[str, object]]:
    for number, query in enumerate(panel.queries):
        found = [{"id": key, "value": value} for key, value in _own(panel, query)]
        if not found:
            continue
        by_name = panel.kind is Kind.TABLE
        matcher = {
            "id": "byName" if by_name else "byFrameRefID",
            "options": query.legend if by_name else ref_of(number),
        }
        yield {"matcher": matcher, "properties": found}


def _own(panel: Panel, query: Query) -> Iterator[tuple[str, object]]:
    lines = panel.kind is Kind.TIME_SERIES
    if query.unit is not None:
        yield "unit", query.unit.value
        if query.unit is Unit.COUNT:
            yield "decimals", 0
        if lines:
            yield "custom.axisPlacement", "right"
            # Its ends are those of another unit.
            yield "max", None
    if query.thresholds is not None:
        yield "thresholds", _thresholds(panel.kind, query.thresholds)
        if lines:
            # A shade would cover values of the other axis, for which it means nothing.
            yield "custom.thresholdsStyle", {"mode": LINE if query.thresholds.steps else NO_LINE}
        if panel.kind is Kind.TABLE:
            yield "color", {"mode": "thresholds"}
            yield "custom.cellOptions", {"type": "color-text"}
    if panel.kind is Kind.TABLE:
        yield "noValue", EMPTY
    if query.states:
        yield "mappings", _mappings(query.states)
    if query.bars and lines:
        yield "custom.drawStyle", "bars"


def transformations(panel: Panel) -> list[dict[str, object]]:
    """Join the queries of a table to one, and take a gauge's greatest value from its last query."""
    if panel.high_by_query:
        last = len(panel.queries) - 1
        # Grafana finds a field by the name that it shows, which is the legend.
        greatest = panel.queries[last].legend
        reads = [{"fieldName": greatest, "handlerKey": "max", "reducerId": "lastNotNull"}]
        return [
            {"id": "configFromData", "options": {"configRefId": ref_of(last), "mappings": reads}},
        ]
    if panel.kind is not Kind.TABLE:
        return []
    values = {f"Value #{ref_of(i)}": query.legend for i, query in enumerate(panel.queries)}
    if len(values) == 1:
        values = {"Value": panel.queries[0].legend}
    organized: dict[str, object] = {
        "excludeByName": {"Time": True},
        "indexByName": {},
        "renameByName": dict(panel.columns) | values,
    }
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organized}]
