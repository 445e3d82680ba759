"""alerts/absent: an alert about absence waits until everything was scraped once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.absence import asks_for_absence
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "alerts/absent"
SCRAPES = 2


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert that a restart of Prometheus would fire."""
    least = SCRAPES * loaded.scrape_interval
    for rule, tree in loaded.parsed:
        if rule.alert and rule.wait() < least and asks_for_absence(tree, loaded):
            yield rule.problem(
                ID, f"asks for what is absent: wait for two scrapes, `for: {duration(least)}`"
            )
