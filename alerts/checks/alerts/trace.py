"""alerts/trace: every alert leads from a metric to a reader, with nothing missing on the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.problem import Problem
from alerts.reading.told import UNREADABLE
from alerts.trace import trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded

ID = "alerts/trace"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a hole; panels are looked at once all dashboards are generated."""
    if not loaded.all_drawn:
        return
    try:
        traces = trace(loaded)
    except UNREADABLE as error:
        message = f"receivers cannot be followed: {' '.join(str(error).split())}"
        yield Problem(ID, str(loaded.folder), message)
        return
    for one in traces:
        for hole in one.holes():
            yield Problem(ID, str(loaded.folder), hole, one.alert)
