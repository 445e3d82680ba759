"""rules/guarded: no ratio divides by what can be 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.checks.divisors import divisions, guarded
from alerts.checks.queries import queries
from alerts.checks.tree import bare, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.checks.known import Known
    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem
    from alerts.checks.tree import Node

ID = "rules/guarded"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a division that can give NaN or infinity, in templates too."""
    for rule, tree in loaded.parsed:
        trees = [tree, *(query.tree for query in queries(rule) if query.tree is not None)]
        found = {message for one in trees for message in unguarded(one, loaded.known)}
        for message in sorted(found):
            yield rule.problem(ID, message)


def unguarded(tree: Node, known: Known) -> Iterator[str]:
    """Yield one message a division by what can be 0, with a way to guard it."""
    for node in divisions(tree):
        if not guarded(node.rhs, known):
            by = short(bare(node.rhs))
            yield f"divides by {by}, which can be 0: keep what is `> 0`, or use clamp_min"
