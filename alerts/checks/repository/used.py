"""catalogue/used: every metric feeds what its declaration says, and `debug` feeds nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.reading.known import names
from alerts.reading.panels import panel_names
from alerts.reading.problem import Problem
from app.telemetry.catalog import METRICS
from app.telemetry.model import Use

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from alerts.reading.loaded import Loaded
    from app.telemetry.model import Metric
    from slo.promql_tree import Node

ID = "catalogue/used"
CATALOGUE = "app/telemetry/catalog.py"
SLO_RULES = "slo:"
WHAT = {Use.SLO: "no rule of an SLO", Use.ALERT: "no alert", Use.PANEL: "no panel"}


def check(loaded: Loaded) -> Iterator[Problem]:
    """Yield one problem a use that is declared and not made, or made and not declared.

    Panels are looked at once all dashboards are generated.
    """
    feeding = {use: _metrics(found, loaded) for use, found in _read(loaded).items()}
    for metric in METRICS:
        for message in _wrong(metric, feeding):
            yield Problem(ID, CATALOGUE, f"{metric.name}: {message}")


def _wrong(metric: Metric, feeding: dict[Use, set[str]]) -> Iterator[str]:
    for use, found in feeding.items():
        if use in metric.uses and metric.name not in found:
            yield f"{WHAT[use]} reads it: use it, or take {use.name} from its uses"
        if Use.DEBUG in metric.uses and metric.name in found:
            yield f"is for debugging only, and feeds {use.value}: say so in its uses"


def _read(loaded: Loaded) -> dict[Use, set[str]]:
    """Name the series that each use reads, recorded ones too."""
    trees = {
        Use.SLO: [tree for rule, tree in loaded.parsed if rule.name.startswith(SLO_RULES)],
        Use.ALERT: [tree for rule, tree in loaded.parsed if rule.alert],
    }
    read = {use: _below(found, loaded) for use, found in trees.items()}
    if loaded.all_drawn:
        panels = panel_names(loaded)
        recorded = [tree for name in panels for _, tree in loaded.known.recorded.get(name, [])]
        read[Use.PANEL] = panels | _below(recorded, loaded)
    return read


def _below(trees: Iterable[Node], loaded: Loaded) -> set[str]:
    seen: set[str] = set()
    return {name for tree in trees for one in loaded.known.below(tree, seen) for name in names(one)}


def _metrics(read: set[str], loaded: Loaded) -> set[str]:
    emitted = loaded.known.emitted
    return {emitted[name].metric for name in read if name in emitted}
