"""dashboards/target-job-rule: every query asks for the `job` that the reader chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.matchers import unmatched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/target-job-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a selector that leaves out the choice of `job`."""
    return unmatched(loaded, ID, "job")
