"""dashboards/guarded: no panel divides by what can be 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.divisors import unguarded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/guarded"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a division that can give NaN or infinity."""
    for panel in loaded.panels:
        for target, tree in panel.prometheus():
            for message in sorted({*unguarded(tree, loaded.rules.known)}):
                yield target.problem(ID, message)
