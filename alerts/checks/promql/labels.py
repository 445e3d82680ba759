"""promql/labels: matchers name only labels and values that their series can have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.unknown import wrong_matchers
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/labels"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a matcher that can match nothing, or excludes what never is."""
    for rule, tree in loaded.parsed:
        found = {
            message
            for place in selectors(tree)
            for message in wrong_matchers(place.node, loaded.known)
        }
        for message in sorted(found):
            yield rule.problem(ID, message)
