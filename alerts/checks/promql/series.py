"""promql/series: expressions name only series that something emits or records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.unknown import unknown
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/series"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a series that no catalogue, exporter or rule has."""
    for rule, tree in loaded.parsed:
        for name in sorted({place.node.name or "" for place in selectors(tree)}):
            if message := unknown(name, loaded.known):
                yield rule.problem(ID, message)
