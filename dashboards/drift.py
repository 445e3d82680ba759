"""dashboards/drift: the generated dashboards are what the declarations render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from dashboards.artifacts import differences

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "dashboards/drift"


def check(folder: Path) -> Iterator[Problem]:
    """Yield one problem a file that was edited, is missing, or that nothing declares."""
    for difference in differences(folder):
        where, _, message = difference.partition(": ")
        yield Problem(ID, where, message)
