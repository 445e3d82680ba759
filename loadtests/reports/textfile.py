"""The result as a file for node_exporter's textfile collector, so that dashboards can show it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from loadtests.judging.combine import worst_first
from loadtests.judging.model import Status
from loadtests.reports.words import UNIT_NAMES, fails_at, plain
from slo.gate import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client.core import Metric

    from loadtests.load import StepLoad
    from loadtests.result import RunResult

PREFIX = "petswipe_load"
RULE = ("rule", "over")
STEP = ("attempt", "step")
# Values of labels, and the number; without one there is no series.
Samples: TypeAlias = list[tuple[tuple[str, ...], float | None]]
# Name, help, labels and samples.
Gauge: TypeAlias = tuple[str, str, tuple[str, ...], Samples]


def textfile(result: RunResult) -> str:
    """Write the text format of Prometheus; every series is of one scenario."""
    registry = CollectorRegistry()
    registry.register(_Shown(result))
    return generate_latest(registry).decode()


# A registry keeps its collectors in a set.
@dataclass(frozen=True, eq=False)
class _Shown(Collector):
    """What a registry asks for the metrics of one result."""

    result: RunResult

    def collect(self) -> Iterable[Metric]:
        scenario = plain(self.result.plan.load.plan.scenario)
        for name, told, labels, samples in _gauges(self.result):
            family = GaugeMetricFamily(f"{PREFIX}_{name}", told, labels=("scenario", *labels))
            for values, number in samples:
                if number is not None:
                    family.add_metric((scenario, *map(plain, values)), float(number))
            yield family


def _gauges(result: RunResult) -> Iterator[Gauge]:
    yield (
        "decision",
        "1 for what the last run has decided.",
        ("decision",),
        [((outcome.value,), outcome is result.decision.outcome) for outcome in Outcome],
    )
    yield (
        "ended_timestamp_seconds",
        "When the last run has ended.",
        (),
        [((), result.ended.timestamp())],
    )
    yield from _of_rulings(result)
    yield from _of_steps(result)


def _of_rulings(result: RunResult) -> Iterator[Gauge]:
    rulings = [((r.rule.id, r.over), r) for r in worst_first(result.rulings)]
    yield (
        "ruling_status",
        "1 for what became of a rule.",
        (*RULE, "status"),
        [((*of, s.value), s is ruling.status) for of, ruling in rulings for s in Status],
    )
    yield (
        "ruling_waived",
        "1 where a rule decides nothing for some days.",
        RULE,
        [(of, ruling.waiver is not None) for of, ruling in rulings],
    )
    numbers = (
        ("measured", "What a rule has measured, in its unit.", lambda r: r.measured),
        ("limit", "The number past which a rule fails, in its unit.", fails_at),
        ("samples", "Events behind what a rule has measured.", lambda r: r.samples),
    )
    for name, told, number in numbers:
        yield (
            f"ruling_{name}",
            told,
            (*RULE, "unit"),
            [((*of, UNIT_NAMES[r.rule.measure.unit]), number(r)) for of, r in rulings],
        )


def _of_steps(result: RunResult) -> Iterator[Gauge]:
    steps = [
        ((str(number), step.name), step)
        for number, attempt in enumerate(result.attempts, 1)
        if attempt.load is not None
        for step in attempt.load.steps
    ]
    for name in ("planned", "sent", "dropped"):
        counted: Samples = [(of, getattr(step, name)) for of, step in steps]
        yield f"{name}_requests", f"Requests of a step that were {name}.", STEP, counted
    for name in ("planned", "sent"):
        rates: Samples = [(of, _rate(getattr(step, name), step)) for of, step in steps]
        yield f"{name}_rate", f"Requests a second of a step that were {name}.", STEP, rates


def _rate(count: int | None, step: StepLoad) -> float | None:
    return None if count is None or step.seconds <= 0 else count / step.seconds
