"""Queries of panels that show more detail than is recorded, over the window that fits the panel.

Selectors come from the catalogue, so no query names what nobody emits; a share is 0 while nothing
is bad, and absent while nothing happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.promql import Matcher, Selector

if TYPE_CHECKING:
    from app.telemetry.model import Metric

LIVE = "$__rate_interval"
# The time from one point of a chart to the next.
STEP_MS = "${__interval_ms}"
# From four scrapes on, Grafana's window for rates is a step and one scrape, so that what happens
# between two scrapes is in one window and no other. As the "min interval" of a panel: the "min
# step" of a query would count as the time between scrapes, and windows would be four times that.
LEAST_STEP = "1m"
AN_HOUR = "1h"
# Everything between the two ends of the time that the reader has chosen.
SHOWN = "$__range"
JOB = Matcher("job", "=~", "$job")
INSTANCE = Matcher("instance", "=~", "$instance")
ROUTE = Matcher("http_route", "=~", "$route")


def pick(metric: Metric, *matchers: Matcher) -> Selector:
    """Select a counter or gauge of the jobs and instances that the reader has chosen."""
    return Selector(metric, metric.name, (*matchers, JOB, INSTANCE))


def part(metric: Metric, suffix: str, *matchers: Matcher) -> Selector:
    """Select the `bucket`, `count` or `sum` of a histogram likewise."""
    return Selector(metric, f"{metric.name}_{suffix}", (*matchers, JOB, INSTANCE))


def total(of: Selector, *by: str, how: str = "sum") -> str:
    """Add gauges up, or take their `max` or `min`."""
    return f"{how} {_by(by)}({of})"


def greatest(of: Selector) -> str:
    """Add up the greatest values of gauges, which a single scrape could miss."""
    return f"sum (max_over_time({of}[{LIVE}]))"


def mean(of: Selector, *by: str) -> str:
    """Add up what gauges were on average, over the window of the rates beside them."""
    return f"sum {_by(by)}(avg_over_time({of}[{LIVE}]))"


def rate(of: Selector, *by: str) -> str:
    """Write how many events there are a second."""
    return f"sum {_by(by)}(rate({of}[{LIVE}]))"


def increase(of: Selector, *by: str, over: str) -> str:
    """Write how many events there were in a window."""
    return f"sum {_by(by)}(increase({of}[{over}]))"


def count(of: Selector, *by: str) -> str:
    """Write how many events there were since the point before, each at one point of a chart."""
    return f"{rate(of, *by)} * {STEP_MS} / 1000"


def share(bad: Selector, all_: Selector, *by: str) -> str:
    """Write the share of bad events: 0 while none is bad, absent while there are none."""
    whole = rate(all_, *by)
    return f"({rate(bad, *by)} or 0 * {whole}) / ({whole} > 0)"


def quantile(share_: float, buckets: Selector, *by: str) -> str:
    """Write a quantile of a histogram, interpolated inside its bucket; absent without events."""
    # Of nothing it is NaN, which no comparison lets pass.
    return f"histogram_quantile({share_:g}, {rate(buckets, *by, 'le')}) >= 0"


def _by(labels: tuple[str, ...]) -> str:
    return f"by ({', '.join(labels)}) " if labels else ""
