"""Numbers of a ruling as people read them, cut so that none looks better than it is."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

from slo.promql import duration

if TYPE_CHECKING:
    from datetime import datetime
    from fractions import Fraction

    from slo.burning import Burn

UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))
NONE = "–"


def budget(left: Fraction | None) -> str:
    """Write a share of the budget with one decimal, rounded down: 49.97 % is no 50 %."""
    if left is None:
        return NONE
    tenths = math.floor(left * 1000)
    return f"{tenths / 10:.1f}".removesuffix(".0") + " %"


def number(events: Fraction | None) -> str:
    """Write a count of events, rounded down."""
    return NONE if events is None else f"{math.floor(events):,}"


def age(length: timedelta) -> str:
    """Write how long ago something was in its two largest units, rounded down, like `2 h 5 min`."""
    parts, rest = [], max(length, timedelta())
    for unit, name in UNITS:
        whole, rest = divmod(rest, unit)
        parts += [f"{whole} {name}"] if whole else []
    if rest >= timedelta(seconds=1) or not parts:
        parts.append(f"{int(rest.total_seconds())} s")
    return " ".join(parts[:2])


def rate(times: Fraction | None) -> str:
    """Write a burn rate, like `14.4x`."""
    return NONE if times is None else f"{float(times):.3g}x"


def burn_text(burn: Burn) -> str:
    """Say how a budget burns."""
    windows = f"over {duration(burn.pair.long)} and {duration(burn.pair.short)}"
    return (
        f"the budget burns at {rate(burn.rate)} its even rate {windows}, {rate(burn.factor)} pages"
    )


def at_place(moment: datetime) -> str:
    """Write a moment by the clock of its zone."""
    return f"{moment:%Y-%m-%d %H:%M}"
