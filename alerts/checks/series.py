"""promql/series: expressions name only series that something emits or records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.checks.tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.checks.known import Known
    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem

ID = "promql/series"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a series that no catalogue, exporter or rule has."""
    for rule, tree in loaded.parsed:
        for name in sorted({place.node.name or "" for place in selectors(tree)}):
            if message := unknown(name, loaded.known):
                yield rule.problem(ID, message)


def unknown(name: str, known: Known) -> str:
    """Say what is wrong with the name of a series; empty when somebody shows it."""
    if not name:
        return "a selector without a name: say which series is meant"
    if name in known:
        return ""
    return f"no metric of the catalogue, no exporter and no rule is called {name}"
