"""Names of the series and labels that rules record, as Sloth spells them.

Sloth's names are what the community's dashboards read, so ours work in them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.promql import duration

if TYPE_CHECKING:
    from datetime import timedelta

    from slo.model import Slo

ID = "sloth_id"
SERVICE = "sloth_service"
SLO = "sloth_slo"
WINDOW = "sloth_window"
PART = "slo_part"
IDENTITY = (ID, SERVICE, SLO)

WEIGHT = "slo:part_weight:ratio"
PERIOD_TOTAL = "slo:period_total:increase"
PERIOD_BAD = "slo:period_bad:increase"
PERIOD_START = "slo:period_start:timestamp_seconds"
OBJECTIVE = "slo:objective:ratio"
ERROR_BUDGET = "slo:error_budget:ratio"
PERIOD_DAYS = "slo:time_period:days"
CURRENT_BURN_RATE = "slo:current_burn_rate:ratio"
PERIOD_BURN_RATE = "slo:period_burn_rate:ratio"
BUDGET_REMAINING = "slo:period_error_budget_remaining:ratio"


def error_ratio(window: timedelta) -> str:
    """Name the series of the error ratio over a window, like `slo:sli_error:ratio_rate5m`."""
    return f"slo:sli_error:ratio_rate{duration(window)}"


def total_events(tile: timedelta) -> str:
    """Name the series of the events of a short while, like `slo:sli_total:increase1m`."""
    return f"slo:sli_total:increase{duration(tile)}"


def bad_events(tile: timedelta) -> str:
    """Name the series of the bad ones among them."""
    return f"slo:sli_bad:increase{duration(tile)}"


def slice_total_events(length: timedelta) -> str:
    """Name the series of the events of a time slice, by which it is judged."""
    return f"slo:slice_total:increase{duration(length)}"


def slice_bad_events(length: timedelta) -> str:
    """Name the series of the bad ones among them."""
    return f"slo:slice_bad:increase{duration(length)}"


def identity(slo: Slo) -> dict[str, str]:
    """Return the labels that tell one SLO's series from another's."""
    return {ID: f"{slo.service}-{slo.id}", SERVICE: slo.service, SLO: slo.id}
