"""From metric to pager: what each alert is made of, who is told, and where its reader goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from alerts.components.registry import WATCHES
from alerts.reading.known import names
from alerts.reading.panels import panels
from alerts.reading.told import WEEKEND, WORKING_HOURS, read_dispatch
from alerts.rehearsal import intent
from alerts.rehearsal.case import Case, length
from alerts.rehearsal.cases import OF_AN_SLO, cases
from alerts.rehearsal.watch_cases import watch_cases
from alerts.watch import panel_of
from slo.objectives import OBJECTIVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.dispatch import Dispatch
    from alerts.reading.loaded import Loaded, WrittenRule
    from alerts.reading.panels import Panels

FILE = "TRACE.md"
# Rehearsed as soon as it fires at all, fires not, ends, and has no data.
FEWEST_CASES = 4
# It always fires, so there is one thing to rehearse.
ALWAYS_FIRING = {"Watchdog": 1}
# It is made of nothing that is scraped.
OF_NOTHING = ("Watchdog",)


@dataclass(frozen=True, slots=True)
class Trace:
    """One alert, and everything on both sides of it."""

    alert: str
    severity: str
    metrics: tuple[str, ...]
    records: tuple[str, ...]
    by_day: tuple[str, ...]
    by_night: tuple[str, ...]
    runbook: str
    panel: str
    rehearsals: int

    def holes(self) -> Iterator[str]:
        """Say what is missing between metric and reader."""
        found = {
            "no metric is behind it": self.metrics or self.alert in OF_NOTHING,
            "no recording rule feeds it": self.records,
            "nobody is told in working hours": self.by_day,
            "it has no runbook": self.runbook,
            "its link leads to no panel": self.panel,
            "it is not rehearsed enough": self.rehearsals
            >= ALWAYS_FIRING.get(self.alert, FEWEST_CASES),
        }
        yield from (f"{self.alert}: {hole}" for hole, filled in found.items() if not filled)

    def cells(self) -> tuple[str, ...]:
        """Return it as a row of the table."""
        runbook = f"[{self.alert}](../../{self.runbook})" if self.runbook else ""
        return (
            ", ".join(f"`{name}`" for name in self.metrics) or "nothing",
            ", ".join(f"`{name}`" for name in self.records),
            self.alert,
            self.severity,
            ", ".join(self.by_day),
            ", ".join(self.by_night) or "nobody",
            runbook,
            self.panel,
            str(self.rehearsals),
        )


HEADINGS = (
    "metric",
    "recorded as",
    "alert",
    "severity",
    "told in working hours",
    "told on a Sunday night",
    "runbook",
    "panel",
    "rehearsals",
)


def trace(loaded: Loaded) -> list[Trace]:
    """Follow every alert of a folder of generated files, in the order of their names.

    Raises what `read_dispatch` does when there is no configuration of Alertmanager.
    """
    dispatch = read_dispatch(loaded.folder)
    drawn = panels(loaded)
    rehearsals = _rehearsals()
    rules: dict[str, list[WrittenRule]] = {}
    for rule in loaded.alerts:
        rules.setdefault(rule.name, []).append(rule)
    return [
        _trace(alike, loaded, dispatch, drawn, rehearsals[name])
        for name, alike in sorted(rules.items())
    ]


def _trace(
    rules: list[WrittenRule],
    loaded: Loaded,
    dispatch: Dispatch,
    drawn: Panels,
    rehearsals: int,
) -> Trace:
    first = rules[0]
    labels = {"alertname": first.name, **first.labels}
    direct = {name for rule in rules if rule.tree is not None for name in names(rule.tree)}
    runbook = f"runbooks/{first.name}.md"
    return Trace(
        alert=first.name,
        severity=first.labels.get("severity", ""),
        metrics=tuple(sorted(_metrics(rules, loaded))),
        records=tuple(sorted(direct & loaded.known.recorded.keys())),
        by_day=tuple(dispatch.receivers_of(labels, WORKING_HOURS)),
        by_night=tuple(dispatch.receivers_of(labels, WEEKEND)),
        runbook=runbook if (loaded.root / runbook).is_file() else "",
        panel=_panel(first.annotations.get("dashboard_url", ""), drawn),
        rehearsals=rehearsals,
    )


def _metrics(rules: Iterable[WrittenRule], loaded: Loaded) -> set[str]:
    seen: set[str] = set()
    trees = [tree for rule in rules for tree in loaded.known.below(rule.tree, seen)]
    emitted = loaded.known.emitted
    return {emitted[name].metric for tree in trees for name in names(tree) if name in emitted}


def _panel(address: str, drawn: Panels) -> str:
    board, panel = panel_of(address) or ("", 0)
    title = drawn.get(board, {}).get(panel)
    return f"{board}: {title}" if title else ""


def _rehearsals() -> Counter[str]:
    """Count the rehearsals of each alert."""
    found = Counter(case.name.split()[0] for watch in WATCHES for case in watch_cases(watch))
    for slo in OBJECTIVES:
        played = [case.name for case in cases(slo) if isinstance(case, Case)]
        of_all = sum(name in OF_AN_SLO for name in played)
        found[intent.alert_name(slo, "NoData")] = of_all
        for pair in intent.pairs(slo):
            level = pair.severity.value.capitalize()
            own = f"{length(pair.long)}/{length(pair.short)} "
            name = intent.alert_name(slo, f"BudgetBurn{level}")
            found[name] = max(found[name], of_all) + sum(case.startswith(own) for case in played)
    return found


def table(traces: Iterable[Trace]) -> str:
    """Write the table as Markdown."""
    rows = [HEADINGS, ("---",) * len(HEADINGS), *(one.cells() for one in traces)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
