"""rules/drift: the generated files are what the declarations render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.artifacts import differences
from alerts.reading.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded

ID = "rules/drift"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a file that was edited, is missing, or that nothing declares."""
    for difference in differences(loaded.folder):
        where, _, message = difference.partition(": ")
        yield Problem(ID, where, message)
