"""group/interval: groups are evaluated before their last samples are stale."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded

ID = "group/interval"
# Prometheus looks so far back for the last sample.
LOOKBACK = timedelta(minutes=5)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a group whose series would have gaps, or whose alerts would flap."""
    for group in loaded.groups:
        if group.interval <= LOOKBACK:
            continue
        kept = all(r.alert and r.wait("keep_firing_for") >= group.interval for r in group.rules)
        if not kept:
            yield Problem(
                ID,
                f"{group.path}:{group.line}",
                f"{group.name}: is evaluated each {duration(group.interval)}: "
                f"{duration(LOOKBACK)} at most, or its series have gaps",
            )
