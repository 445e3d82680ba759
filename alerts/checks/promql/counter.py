"""promql/counter: counters are read through what knows of their resets."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from app.telemetry.model import Kind
from slo.promql_tree import Place, children, selectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node

ID = "promql/counter"
# These ask how often it grew or was reset, or only whether it is there.
SAFE = {
    *("rate", "irate", "increase", "resets", "changes"),
    *("absent", "absent_over_time", "present_over_time", "count", "count_over_time", "group"),
    "timestamp",
}
# A gauge's functions on a counter are what promql/rate reports.
ELSEWHERE = {"delta", "idelta", "deriv", "predict_linear", "holt_winters"}


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a counter whose bare value is used: it says how old a process is."""
    for rule, tree in loaded.parsed:
        found = {
            place.node.name
            for place in selectors(tree)
            if loaded.known.kind(place.node.name or "") is Kind.COUNTER and not _safe(place)
        }
        for name in sorted(found):
            yield rule.problem(ID, f"{name} is a counter: use rate() or increase() of it")


def _safe(place: Place) -> bool:
    if (SAFE | ELSEWHERE) & set(place.calls()):
        return True
    chain = (*place.above, place.node)
    return any(_only_there(up, down) or _difference(up) for up, down in pairwise(chain))


def _only_there(node: Node, below: Node) -> bool:
    """Say whether only the presence of `below` matters: it is the right side of and, unless."""
    return str(getattr(node, "op", "")) in ("and", "unless") and below is node.rhs


def _difference(node: Node) -> bool:
    """Say whether a node takes an earlier value of a counter from a later one of the same."""
    if str(getattr(node, "op", "")) != "-":
        return False
    left, right = ({p.node.name for p in selectors(side)} for side in children(node))
    return len(left) == 1 and left == right
