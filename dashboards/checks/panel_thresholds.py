"""The values at which a panel draws a line or changes colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dashboards.checks.loaded import inside, items

if TYPE_CHECKING:
    from dashboards.checks.loaded import Panel

BY_QUERY = "byFrameRefID"


def limits(panel: Panel, ref: str) -> list[float]:
    """List the thresholds of a query: its own if it has any, otherwise those of the panel."""
    found = inside(panel.defaults, "thresholds")
    for at, override in panel.overrides:
        matcher = inside(override, "matcher")
        if (matcher.get("id"), matcher.get("options")) != (BY_QUERY, ref):
            continue
        for _, each in items(override, at, "properties"):
            found = inside(each, "value") if each.get("id") == "thresholds" else found
    return _absolute(found)


def _absolute(thresholds: dict[str, Any]) -> list[float]:
    if thresholds.get("mode") != "absolute":
        return []  # percent of a range that depends on what is drawn
    values = [step.get("value") for _, step in items(thresholds, "", "steps")]
    return [float(value) for value in values if isinstance(value, int | float)]
