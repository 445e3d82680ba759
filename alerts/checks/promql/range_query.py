"""promql/range_query: windows are within what Prometheus keeps, and hold samples."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from alerts.reading.retention import RETENTION
from slo.promql import duration
from slo.promql_tree import places, short

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem
    from slo.promql_tree import Node, Place

ID = "promql/range_query"
NOT_AT_ALL = timedelta(0)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a window beyond retention, or without a sample most of the time."""
    for rule, tree in loaded.parsed:
        windows = {str(place.node): place for place in places(tree) if _window(place.node)}
        for place in windows.values():
            yield from (rule.problem(ID, message) for message in _wrong_window(place, loaded))


def _wrong_window(place: Place, loaded: Loaded) -> Iterator[str]:
    inner = getattr(place.node, "vector_selector", None)
    looking = [*place.above, place.node, *([] if inner is None else [inner])]
    reach = sum(map(_reach, looking), NOT_AT_ALL)
    if reach > RETENTION:
        kept = duration(RETENTION)
        yield f"{short(place.node)} needs {duration(reach)}, and Prometheus keeps {kept}"
    step = None if inner is None else loaded.step(inner.name or "")
    if step is not None and _window(place.node) < step:
        yield f"{short(place.node)} can hold no sample: there is one each {duration(step)}"


def _window(node: Node) -> timedelta:
    found: timedelta | None = getattr(node, "range", None)
    return found or NOT_AT_ALL


def _reach(node: Node) -> timedelta:
    """Return how much further back a node looks than what is around it."""
    offset: timedelta | None = getattr(node, "offset", None)
    return _window(node) + max(offset or NOT_AT_ALL, NOT_AT_ALL)
