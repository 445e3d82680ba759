"""labels/conflict: no rule sets a label that Prometheus adds itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "labels/conflict"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a label of a rule that is also an external one."""
    external = loaded.prometheus.get("global", {}).get("external_labels") or {}
    for rule in loaded.rules:
        for name in sorted(rule.labels.keys() & external.keys()):
            yield rule.problem(
                ID, f"sets {name}, which Prometheus adds to everything as {external[name]}"
            )
