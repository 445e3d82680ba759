"""runbooks/coverage: every alert has one runbook, and every runbook is about an alert."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.model import AlertSeverity
from alerts.reading.problem import Problem
from alerts.reading.runbook_files import DISASTERS, FOLDER, readable, runbook_paths
from alerts.watch import Team

if TYPE_CHECKING:
    from collections.abc import Iterator
    from enum import StrEnum

    from alerts.reading.loaded import Loaded, WrittenRule
    from alerts.reading.runbook_files import Runbook

ID = "runbooks/coverage"
ALLOWED: dict[str, type[StrEnum]] = {"severity": AlertSeverity, "team": Team}


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem an alert without a page, a page without an alert, or a label that differs.

    Alerts without any rule file are a problem too: they would make every page superfluous.
    """
    alerts: dict[str, list[WrittenRule]] = {}
    for rule in loaded.alerts:
        alerts.setdefault(rule.name, []).append(rule)
    if not alerts:
        yield Problem(ID, str(loaded.folder), "no rule file has an alert")
    paths = runbook_paths(loaded.root)
    written = {path.stem for path in paths if path.parent.name != DISASTERS}
    for alert in sorted(alerts.keys() - written):
        where = loaded.root / FOLDER / f"{alert}.md"
        yield Problem(ID, str(where), f"missing; copy _template.md: {alert} has no runbook", alert)
    for page in readable(loaded.root):
        for message in _disagreements(page, alerts):
            yield Problem(ID, str(page.path), message)


def _disagreements(page: Runbook, alerts: dict[str, list[WrittenRule]]) -> Iterator[str]:
    key = "scenario" if page.disaster else "alert"
    name = page.path.stem
    if page.front.get(key) != name:
        yield f"front matter says {key}: {page.front.get(key)}; the file's name is {name}"
    for label, allowed in ALLOWED.items():
        if page.front.get(label) not in list(allowed):
            yield f"{label}: {page.front.get(label)}; want one of {', '.join(allowed)}"
    if page.disaster:
        return
    if name not in alerts:
        yield f"no rule has an alert {name}"
    if page.title != name:
        yield f"the title is {page.title}; want {name}"
    for label in ("severity", "team"):
        rules = [rule.labels for rule in alerts.get(name, ())]
        for value in sorted({labels[label] for labels in rules if label in labels}):
            if page.front.get(label) != value:
                yield f"front matter says {label}: {page.front.get(label)}; the rule says {value}"
