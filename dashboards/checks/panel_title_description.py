"""dashboards/panel-title-description-rule: every panel says what it is, and what to make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.problem import Problem
    from dashboards.checks.loaded import Loaded

ID = "dashboards/panel-title-description-rule"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a panel without title or description."""
    for panel in loaded.panels:
        for key in ("title", "description"):
            if not str(panel.document.get(key) or "").strip():
                yield panel.problem(ID, f"no {key}: write one", f".{key}")
