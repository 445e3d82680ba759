"""rule/for: alerts wait long enough to mean something, and not too long to help."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.model import AlertSeverity
from alerts.watch import Channel
from slo.promql import duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "rule/for"
LONGEST = timedelta(hours=1)
# Later nobody needs to be woken for it.
LONGEST_OF_PAGES = timedelta(minutes=15)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert that fires on one sample, or long after it matters."""
    for rule in loaded.alerts:
        wait = rule.wait()
        if wait < rule.interval and rule.labels.get("channel") != Channel.HEARTBEAT:
            yield rule.problem(
                ID, f"fires on one sample: wait for {duration(rule.interval)}, one evaluation"
            )
        pages = rule.labels.get("severity") == AlertSeverity.CRITICAL
        longest = LONGEST_OF_PAGES if pages else LONGEST
        if wait > longest:
            yield rule.problem(ID, f"waits {duration(wait)}: {duration(longest)} at most")
