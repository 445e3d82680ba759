"""promql/offset: no selector looks back further than Prometheus keeps."""

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

ID = "promql/offset"
NOT_AT_ALL = timedelta(0)


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an offset beyond retention, or into the future."""
    for rule, tree in loaded.parsed:
        for place in places(tree):
            offset = getattr(place.node, "offset", None)
            if offset is None or NOT_AT_ALL <= offset <= RETENTION:
                continue
            kept = f"Prometheus keeps {duration(RETENTION)}"
            yield rule.problem(
                ID, f"{short(place.node)}: {kept if offset > RETENTION else 'not known yet'}"
            )
