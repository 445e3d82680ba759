"""rules/guarded: no ratio divides by what can be 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.divisors import unguarded
from alerts.reading.queries import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "rules/guarded"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a division that can give NaN or infinity, in templates too."""
    for rule, tree in loaded.parsed:
        trees = [tree, *(query.tree for query in queries(rule) if query.tree is not None)]
        found = {message for one in trees for message in unguarded(one, loaded.known)}
        for message in sorted(found):
            yield rule.problem(ID, message)
