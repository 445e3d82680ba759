"""Which alerts are about what is not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slo.promql_tree import ABSENCE, called, places

if TYPE_CHECKING:
    from alerts.reading.loaded import Loaded
    from slo.promql_tree import Node


def asks_for_absence(tree: Node, loaded: Loaded) -> bool:
    """Say whether an expression, or one recorded that it reads, is about what is not there."""
    return any(
        called(place.node) in ABSENCE
        for one in loaded.known.below(tree, set())
        for place in places(one)
    )
