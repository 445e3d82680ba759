"""Every check, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from alerts.checks import (
    absent,
    aggregate,
    alert_description,
    alert_for,
    alert_name,
    alert_summary,
    amlint,
    annotation,
    comparison,
    counter,
    dependency,
    drift,
    duplicate,
    external_labels,
    features,
    fragile,
    group_interval,
    guarded,
    impossible,
    inhibition,
    label_conflict,
    labels,
    nan,
    offset,
    performance,
    range_query,
    rate,
    regexp,
    routing,
    rule_for,
    rule_label,
    rule_name,
    rules_loaded,
    runbook_coverage,
    runbook_queries,
    runbook_references,
    runbook_sections,
    selector,
    series,
    syntax,
    targets,
    template,
    trace,
    used,
    vector_matching,
    workflows,
    yaml_parse,
)
from alerts.checks.exempt import exempted
from alerts.checks.loaded import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alerts.checks.loaded import Loaded
    from alerts.checks.problem import Problem


class Check(Protocol):
    """A module that is a check: its first line says what holds, after its id."""

    ID: str
    __doc__: str | None

    def check(self, loaded: Loaded, /) -> Iterable[Problem]:
        """Find what does not hold."""


class FolderCheck(Protocol):
    """A check that reads the generated files itself."""

    ID: str
    __doc__: str | None

    def check(self, folder: Path, /) -> Iterable[Problem]:
        """Find what does not hold."""


FOLDER_CHECKS: tuple[FolderCheck, ...] = (drift, routing, inhibition, amlint)
CHECKS: tuple[Check, ...] = (
    yaml_parse,
    syntax,
    features,
    series,
    labels,
    rate,
    counter,
    vector_matching,
    impossible,
    guarded,
    nan,
    range_query,
    offset,
    regexp,
    selector,
    aggregate,
    fragile,
    performance,
    alert_name,
    annotation,
    alert_summary,
    alert_description,
    template,
    external_labels,
    comparison,
    alert_for,
    absent,
    rule_name,
    rule_label,
    rule_for,
    duplicate,
    dependency,
    label_conflict,
    group_interval,
    rules_loaded,
    targets,
    used,
    workflows,
    runbook_coverage,
    runbook_sections,
    runbook_queries,
    runbook_references,
    trace,
)


def run(folder: Path, root: Path = ROOT) -> list[Problem]:
    """Run every check over a folder of generated files and the repository around it."""
    loaded = load(folder, root)
    found = [problem for each in FOLDER_CHECKS for problem in each.check(folder)]
    found += [problem for each in CHECKS for problem in each.check(loaded)]
    return [problem for problem in found if not exempted(problem)]


def listing() -> Iterator[tuple[str, str]]:
    """Yield the id of every check, and what holds when it finds nothing."""
    modules: tuple[FolderCheck | Check, ...] = (*FOLDER_CHECKS, *CHECKS)
    for each in modules:
        first = (each.__doc__ or "").partition("\n")[0]
        yield each.ID, first.removeprefix(f"{each.ID}: ")
