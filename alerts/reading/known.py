"""Every series that a rule may name, with its labels, their values, its type and who shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import promql_parser

from alerts.exporters import EVERY_JOB, EXPORTED
from alerts.load_generator import LOAD, METRICS
from alerts.reading.shapes import Shapes, union
from app.telemetry.catalog import API_METRICS, DISPATCH_JOB, DISPATCH_METRICS, JOB
from app.telemetry.model import Kind, edge_label
from slo.promql_tree import selectors

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from alerts.reading.loaded import WrittenRule
    from alerts.reading.shapes import Shape, Values
    from app.telemetry.model import Metric
    from slo.promql_tree import Node

# Prometheus makes these of its alerts.
ALERT_SERIES = ("ALERTS", "ALERTS_FOR_STATE")
ALERT_STATES = frozenset({"pending", "firing"})


@dataclass(frozen=True, slots=True)
class Emitted:
    """A series that is scraped."""

    metric: str
    kind: Kind
    labels: Shape
    jobs: frozenset[str]


class Known:
    """The catalogue, the exporters, a load generator, and what the rules record of them."""

    def __init__(
        self, rules: Iterable[tuple[WrittenRule, Node]], scraped_jobs: Iterable[str]
    ) -> None:
        """Collect the series that are scraped, and those of these rules."""
        self.emitted = _emitted(frozenset(scraped_jobs))
        self.recorded: dict[str, list[tuple[WrittenRule, Node]]] = {}
        self._alerts: list[tuple[WrittenRule, Node]] = []
        for rule, tree in rules:
            if rule.alert:
                self._alerts.append((rule, tree))
            else:
                self.recorded.setdefault(rule.name, []).append((rule, tree))
        self._found: dict[str, Shape | None] = {}
        self.shapes = Shapes(self.labels)

    def __contains__(self, name: str) -> bool:
        """Say whether somebody shows or records a series."""
        return name in self.emitted or name in self.recorded or name in ALERT_SERIES

    def kind(self, name: str) -> Kind | None:
        """Return the type of a scraped series; parts of a histogram are counters."""
        emitted = self.emitted.get(name)
        return None if emitted is None else emitted.kind

    def labels(self, name: str) -> Mapping[str, Values] | None:
        """Return the labels of a series and their values; None when it is unknown."""
        if name not in self._found:
            # A rule that reads its own series adds no label to it.
            self._found[name] = None
            self._found[name] = self._labels(name)
        return self._found[name]

    def _labels(self, name: str) -> Shape | None:
        if name in self.emitted:
            return self.emitted[name].labels
        if name in ALERT_SERIES:
            return self._of_alerts()
        found: Shape | None = None
        for rule, tree in self.recorded.get(name, []):
            shape = self.result(rule, tree)
            if shape is not None:
                found = shape if found is None else union(found, shape)
        return found

    def result(self, rule: WrittenRule, tree: Node) -> Shape | None:
        """Return the labels of what a rule gives: those of its expression and its own."""
        shape = self.shapes.of(tree)
        if shape is None:
            return None
        own: Shape = {k: None if "{{" in v else frozenset({v}) for k, v in rule.labels.items()}
        return shape | own

    def _of_alerts(self) -> Shape:
        found: Shape = {}
        for rule, tree in self._alerts:
            found |= dict.fromkeys(self.result(rule, tree) or rule.labels)
        names = frozenset(rule.name for rule, _ in self._alerts)
        return found | {"alertname": names, "alertstate": ALERT_STATES}

    def below(self, tree: Node, seen: set[str]) -> Iterable[Node]:
        """Yield an expression, and those of the series recorded that it is made of."""
        yield tree
        for place in selectors(tree):
            key = place.node.prettify()
            if key not in seen:
                seen.add(key)
                for rule, inner in self.recorded.get(place.node.name or "", []):
                    if _may_be(place.node, rule):
                        yield from self.below(inner, seen)


def _may_be(node: promql_parser.VectorSelector, rule: WrittenRule) -> bool:
    """Say whether a selector may mean what a rule records: others record under the same name."""
    asked = {m.name: m.value for m in node.matchers.matchers if m.op == promql_parser.MatchOp.Equal}
    return all(rule.labels.get(label, value) == value for label, value in asked.items())


def names(tree: Node) -> set[str]:
    """Return the names of the series of an expression."""
    return {place.node.name for place in selectors(tree) if place.node.name}


def _emitted(jobs: frozenset[str]) -> dict[str, Emitted]:
    found: dict[str, Emitted] = {}
    shown = [(metric, frozenset({JOB})) for metric in API_METRICS]
    shown += [(metric, frozenset({DISPATCH_JOB})) for metric in DISPATCH_METRICS]
    shown += [(metric, frozenset({LOAD})) for metric in METRICS]
    shown += [
        (metric, jobs if metric.job == EVERY_JOB else frozenset({metric.job}))
        for metric in EXPORTED
    ]
    for metric, its_jobs in shown:
        for name, labels in metric.series.items():
            before = found[name].jobs if name in found else frozenset[str]()
            found[name] = _series(metric, labels, before | its_jobs)
    return found


def _series(metric: Metric, labels: tuple[str, ...], jobs: frozenset[str]) -> Emitted:
    closed = {label.name: frozenset(label.values) or None for label in metric.labels}
    if metric.buckets:
        closed["le"] = frozenset({*map(edge_label, metric.buckets), "+Inf"})
    shape: Shape = {label: closed.get(label) for label in labels}
    # The parts of a histogram count.
    kind = Kind.GAUGE if metric.kind is Kind.GAUGE else Kind.COUNTER
    return Emitted(metric.name, kind, shape | {"job": jobs, "instance": None}, jobs)
