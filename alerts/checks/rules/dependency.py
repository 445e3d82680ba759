"""rule/dependency: what is recorded is read by a rule, a panel or a runbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.known import names
from alerts.reading.panels import NAME, panel_names
from alerts.reading.queries import queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem

ID = "rule/dependency"


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a record that nobody reads; looked at once all dashboards are there."""
    if not loaded.all_drawn:
        return
    read = panel_names(loaded) | _of_rules(loaded) | _of_runbooks(loaded)
    seen: set[str] = set()
    for rule in loaded.records:
        if rule.name not in read | seen:
            seen.add(rule.name)
            yield rule.problem(
                ID, "is read by no rule, no panel and no runbook: draw it or drop it"
            )


def _of_rules(loaded: Loaded) -> set[str]:
    found = {name for rule, tree in loaded.parsed for name in names(tree) - {rule.name}}
    asked = (query.tree for rule in loaded.alerts for query in queries(rule))
    return found | {name for tree in asked if tree is not None for name in names(tree)}


def _of_runbooks(loaded: Loaded) -> set[str]:
    pages = (loaded.root / "runbooks").rglob("*.md")
    return {name for page in pages for name in NAME.findall(page.read_text(encoding="utf-8"))}
