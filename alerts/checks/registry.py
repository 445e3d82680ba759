"""Every check, in the order in which they run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from alerts.checks.alerts import absent, annotation, comparison, external_labels, template, trace
from alerts.checks.alerts import description as alert_description
from alerts.checks.alerts import for_ as alert_for
from alerts.checks.alerts import name as alert_name
from alerts.checks.alerts import summary as alert_summary
from alerts.checks.exempt import exempted
from alerts.checks.promql import (
    aggregate,
    counter,
    features,
    fragile,
    impossible,
    labels,
    nan,
    offset,
    performance,
    range_query,
    rate,
    regexp,
    selector,
    series,
    syntax,
    vector_matching,
)
from alerts.checks.repository import gates, names, parse, targets, used
from alerts.checks.routes import amlint, inhibition, proof
from alerts.checks.rules import conflict, dependency, drift, duplicate, guarded, interval
from alerts.checks.rules import for_ as rule_for
from alerts.checks.rules import label as rule_label
from alerts.checks.rules import loaded as rules_loaded
from alerts.checks.rules import name as rule_name
from alerts.checks.runbooks import coverage, queries, references, sections
from alerts.reading.loaded import ROOT, load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from alerts.reading.loaded import Loaded
    from alerts.reading.problem import Problem


class Check(Protocol):
    """A module that is a check: its first line says what holds, after its id."""

    ID: str
    __doc__: str | None

    def check(self, loaded: Loaded, /) -> Iterable[Problem]:
        """Find what does not hold."""


CHECKS: tuple[Check, ...] = (
    drift,
    proof,
    inhibition,
    amlint,
    parse,
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
    conflict,
    interval,
    rules_loaded,
    targets,
    used,
    names,
    gates,
    coverage,
    sections,
    queries,
    references,
    trace,
)


def run(folder: Path, root: Path = ROOT) -> list[Problem]:
    """Run every check over a folder of generated files and the repository around it."""
    loaded = load(folder, root)
    found = [problem for each in CHECKS for problem in each.check(loaded)]
    return [problem for problem in found if not exempted(problem)]


def listing() -> Iterator[tuple[str, str]]:
    """Yield the id of every check, and what holds when it finds nothing."""
    for each in CHECKS:
        first = (each.__doc__ or "").partition("\n")[0]
        yield each.ID, first.removeprefix(f"{each.ID}: ")
