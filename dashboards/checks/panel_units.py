"""dashboards/panel-units-rule: every value has a unit that Grafana knows."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from dashboards.checks.shown import WORDS
from dashboards.checks.units import is_unit, units

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/panel-units-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a unit that is not there, or that Grafana would write as it is."""
    for panel in loaded.panels:
        if panel.kind in WORDS:
            continue
        said = [(".fieldConfig.defaults.unit", panel.defaults.get("unit"))]
        said += [
            (at, each.get("value")) for at, each in panel.properties if each.get("id") == "unit"
        ]
        for at, unit in said:
            if not isinstance(unit, str) or not is_unit(unit):
                yield panel.problem(ID, _message(unit), at)


def _message(unit: object) -> str:
    if not unit:
        return "no unit: `short` for a plain number"
    near = get_close_matches(str(unit), units(), n=1)
    return f"{unit!r} is no unit of Grafana{f': {near[0]} is meant?' if near else ''}"
