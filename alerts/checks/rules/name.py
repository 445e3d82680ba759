"""rule/name: records are named level:metric:operations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.record_levels import LEVELS
from alerts.signal import RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "rule/name"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name without its level, its metric or its operations."""
    for rule in loaded.records:
        level = rule.name.partition(":")[0]
        if not RECORD.fullmatch(rule.name) or level not in LEVELS:
            yield rule.problem(
                ID, f"is not level:metric:operations, with the level one of {', '.join(LEVELS)}"
            )
