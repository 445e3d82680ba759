"""The units that Grafana knows."""

from __future__ import annotations

from functools import cache
from pathlib import Path

UNITS = Path(__file__).parents[1] / "schema" / "units.txt"
# The documentation's own formats: a word before or behind, a time's format, other SI units.
OWN_FORMATS = ("suffix:", "prefix:", "time:", "si:", "count:", "currency:")


def is_unit(name: str) -> bool:
    """Say whether Grafana can write values in a unit of this name."""
    own = any(name.startswith(each) and name != each for each in OWN_FORMATS)
    return own or name in units()


@cache
def units() -> frozenset[str]:
    """Return the names of its units."""
    return frozenset(UNITS.read_text(encoding="utf-8").split())
