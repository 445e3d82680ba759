"""promql/features: expressions use only what the oldest Prometheus that we run knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.promql_tree import called, places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/features"
OLDEST = "2.42"
# Since then, or behind a feature flag. Source: Prometheus' changelog.
NEWER = {
    *("sort_by_label", "sort_by_label_desc", "mad_over_time", "info", "limitk", "limit_ratio"),
    *("histogram_avg", "histogram_stddev", "histogram_stdvar", "double_exponential_smoothing"),
    *("first_over_time", "ts_of_first_over_time", "ts_of_last_over_time"),
    *("ts_of_max_over_time", "ts_of_min_over_time"),
}


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a function that an older Prometheus refuses the whole file for."""
    for rule, tree in loaded.parsed:
        for name in sorted({called(place.node) for place in places(tree)} & NEWER):
            yield rule.problem(ID, f"{name}() is not in Prometheus {OLDEST}, or behind a flag")
