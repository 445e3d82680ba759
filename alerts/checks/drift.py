"""rules/drift: the generated files are what the declarations render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.artifacts import differences
from alerts.checks.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ID = "rules/drift"


def check(folder: Path) -> Iterator[Problem]:
    """Yield one problem a file that was edited, is missing, or that nothing declares."""
    for difference in differences(folder):
        where, _, message = difference.partition(": ")
        yield Problem(ID, where, message)
