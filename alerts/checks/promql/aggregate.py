"""promql/aggregate: a recorded series has the labels of the level that its name begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.record_levels import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/aggregate"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a label that a record should have kept or dropped."""
    for rule, tree in loaded.parsed:
        shape = None if rule.alert else loaded.known.result(rule, tree)
        if shape is None:
            continue
        level = rule.name.partition(":")[0]
        kept, dropped = LEVELS.get(level, ((), ()))
        for label in kept:
            if label not in shape:
                yield rule.problem(ID, f"is of level {level} and has no label {label}: keep it")
        for label in dropped:
            if label in shape:
                yield rule.problem(ID, f"is of level {level} and has the label {label}: drop it")
