"""A load while it is sent, as Prometheus sees it: what its processes have told so far, added up."""

from __future__ import annotations

import time
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, TypeAlias

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from alerts.load_generator import (
    CPU,
    DROPPED,
    FAILED,
    LAG,
    LATENCY,
    PLANNED_RATE,
    SENT,
    SESSIONS,
    STATE,
)
from app.telemetry.model import Kind, edge_label
from loadtests.arrivals.schedule import Schedule
from loadtests.arrivals.tally import Tally, added

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from prometheus_client.core import Metric as Family

    from app.telemetry.model import Metric
    from loadtests.arrivals.tally import TallyMessage
    from loadtests.conductor import Gathered
    from loadtests.plan import LoadPlan

# Values of labels, without the scenario that all have.
Values: TypeAlias = tuple[str, ...]
FAMILIES: dict[Kind, type[CounterMetricFamily | GaugeMetricFamily]] = {
    Kind.COUNTER: CounterMetricFamily,
    Kind.GAUGE: GaugeMetricFamily,
}
# A moment at which no step is now.
BEFORE = -1.0


# A registry keeps its collectors in a set.
@dataclass(frozen=True, eq=False)
class Live(Collector):
    """What a registry asks for the metrics of one load.

    Every step and operation is there from the start: a counter that begins above 0 has lost what it
    had counted by then.
    """

    plan: LoadPlan
    operations: tuple[str, ...]
    gathered: Gathered

    def collect(self) -> Iterable[Family]:
        """Read what has been told."""
        told = list(self.gathered.progress.values())
        yield from self._planned()
        yield from self._steps(told)
        yield self._histograms(LAG, {(): [document["lag"] for document in told]})
        yield self._numbers(CPU, {(str(document["index"]),): document["cpu"] for document in told})
        sessions: dict[Values, float] = {
            (state,): sum(document["sessions"][state] for document in told)
            for state in STATE.values
        }
        yield self._numbers(SESSIONS, sessions)

    def _planned(self) -> Iterator[Family]:
        """Show what is planned at this moment, where anything is."""
        begin = self.gathered.begin_at
        if isinstance(self.plan.arrivals, Schedule):
            rates = self.plan.arrivals.rates_at(time.time() - begin if begin else BEFORE)
            yield self._numbers(PLANNED_RATE, {(step,): rate for step, rate in rates.items()})

    def _steps(self, told: list[dict[str, Any]]) -> Iterator[Family]:
        parts = {s.name: [document["steps"][s.name] for document in told] for s in self.plan.steps}
        for metric, place in ((SENT, 0), (DROPPED, 1)):
            counts: dict[Values, float] = {
                (step,): sum(part[place] for part in found) for step, found in parts.items()
            }
            yield self._numbers(metric, counts)
        answers: dict[Values, list[tuple[int, TallyMessage]]] = {
            (step, operation): [part[2][operation] for part in found if operation in part[2]]
            for step, found in parts.items()
            for operation in self.operations
        }
        failed = {of: sum(count for count, _ in found) for of, found in answers.items()}
        yield self._numbers(FAILED, failed)
        yield self._histograms(
            LATENCY, {of: [tally for _, tally in found] for of, found in answers.items()}
        )

    def _numbers(self, metric: Metric, values: Mapping[Values, float]) -> Family:
        kind = FAMILIES[metric.kind]
        family = kind(metric.name, metric.help, labels=metric.label_names)
        for labels, value in values.items():
            family.add_metric((self.plan.scenario, *labels), value)
        return family

    def _histograms(
        self, metric: Metric, values: Mapping[Values, Sequence[TallyMessage]]
    ) -> Family:
        edges = [*map(edge_label, metric.buckets), "+Inf"]
        family = HistogramMetricFamily(metric.name, metric.help, labels=metric.label_names)
        for labels, tallies in values.items():
            seconds, counts = added([Tally(metric.buckets).message(), *tallies])
            buckets = list(zip(edges, map(float, accumulate(counts)), strict=True))
            family.add_metric((self.plan.scenario, *labels), buckets, seconds)
        return family
