"""alerts/absent: an alert about absence waits until everything was scraped once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.checks.tree import called, places
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem
    from alerts.checks.tree import Node

ID = "alerts/absent"
ABSENCE = {"absent", "absent_over_time"}
SCRAPES = 2


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert that a restart of Prometheus would fire."""
    least = SCRAPES * loaded.scrape_interval
    for rule, tree in loaded.parsed:
        if rule.alert and rule.wait() < least and asks_for_absence(tree, loaded):
            yield rule.problem(
                ID, f"asks for what is absent: wait for two scrapes, `for: {duration(least)}`"
            )


def asks_for_absence(tree: Node, loaded: Loaded) -> bool:
    """Say whether an expression, or one recorded that it reads, is about what is not there."""
    return any(
        called(place.node) in ABSENCE
        for one in loaded.known.below(tree, set())
        for place in places(one)
    )
