"""promql/syntax: every expression is PromQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "promql/syntax"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an expression that does not parse."""
    for rule in loaded.rules:
        if rule.error:
            yield rule.problem(ID, f"no PromQL: {rule.error}")
