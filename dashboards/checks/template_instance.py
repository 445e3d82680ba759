"""dashboards/template-instance-rule: the reader chooses one or many of its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboards.checks.templates import wrong_variables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/template-instance-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a way in which `instance` is not what links and queries expect."""
    return wrong_variables(loaded, ID, "instance")
