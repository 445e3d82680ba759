"""alerts/for: `for` and `keep_firing_for` are durations that do something."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.reading.loaded import duration_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/for"
NOT_AT_ALL = timedelta(0)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a duration that is none, or is what Prometheus does anyway."""
    for rule in loaded.alerts:
        for key, said in rule.waits.items():
            try:
                none = duration_of(said) == NOT_AT_ALL
            except ValueError:
                yield rule.problem(ID, f"{key}: {said} is no duration like 5m")
                continue
            if none:
                yield rule.problem(ID, f"{key}: {said} is what is done without it: leave it out")
