"""rule/name: records are named level:metric:operations."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alerts.checks.aggregate import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem

ID = "rule/name"
RECORD = re.compile(rf"({'|'.join(LEVELS)}):[a-z_0-9]+:[a-z_0-9]+")


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a name without its level, its metric or its operations."""
    for rule in loaded.records:
        if not RECORD.fullmatch(rule.name):
            yield rule.problem(
                ID, f"is not level:metric:operations, with the level one of {', '.join(LEVELS)}"
            )
