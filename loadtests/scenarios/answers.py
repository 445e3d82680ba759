"""Reading answers that may be of any shape: what is not as expected is not there."""

from __future__ import annotations

import math
from typing import Any


def text(document: object, name: str) -> str:
    """Return a member of an object that is text, else an empty one."""
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, str) else ""


def number(document: object, name: str) -> float | None:
    """Return a member of an object that is a finite number, else None."""
    value = document.get(name) if isinstance(document, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Python reads integers of any length from JSON; those past all floats are no number to us.
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def items(document: object, key: str = "id") -> list[dict[str, Any]]:
    """Return the objects of a page that have this key, none when it is no page."""
    rows = document.get("items") if isinstance(document, dict) else None
    return [row for row in rows if text(row, key)] if isinstance(rows, list) else []
