"""What a declaration of the catalogue consists of: route, label, metric, and what it is for.

The standard library only, because the kit imports it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# Takes the place of a label value that is not in its closed set.
OVERFLOW = "_overflow"


@dataclass(frozen=True, slots=True)
class Route:
    """One operation of the API: method, full template, and the statuses that mean success."""

    method: str
    template: str
    success: tuple[int, ...]

    @property
    def operation(self) -> str:
        """Name the operation as load reports and tables print it, like `POST /api/swipes`."""
        return f"{self.method} {self.template}"


class Kind(StrEnum):
    """The Prometheus type of a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Use(StrEnum):
    """What a metric feeds; one that feeds nothing is for whoever debugs."""

    SLO = "slo"
    ALERT = "alert"
    PANEL = "panel"
    DEBUG = "debug"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its closed set of values; `values=()` means bounded by `bound` instead."""

    name: str
    values: tuple[str, ...] = ()
    bound: str = ""

    def __post_init__(self) -> None:
        """Refuse a label whose number of values nobody has thought about."""
        if bool(self.values) == bool(self.bound):
            msg = f"label {self.name}: give either its closed set of values or what bounds them"
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric family as it is exposed: counters carry their `_total`."""

    name: str
    kind: Kind
    help: str
    unit: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    uses: tuple[Use, ...] = (Use.PANEL,)

    def __post_init__(self) -> None:
        """Refuse a declaration that Prometheus or a reader would stumble over."""
        if (self.kind is Kind.COUNTER) != self.name.endswith("_total"):
            msg = f"{self.name}: a counter ends in _total, and only a counter does"
            raise ValueError(msg)
        if (self.kind is Kind.HISTOGRAM) != bool(self.buckets):
            msg = f"{self.name}: a histogram has bucket edges, and only a histogram does"
            raise ValueError(msg)
        if list(self.buckets) != sorted(set(self.buckets)):
            msg = f"{self.name}: bucket edges must rise"
            raise ValueError(msg)
        if not self.uses or (Use.DEBUG in self.uses and len(self.uses) > 1):
            msg = f"{self.name}: say what it feeds, or that it is for debugging only"
            raise ValueError(msg)

    @property
    def label_names(self) -> tuple[str, ...]:
        """List the label names in the order in which instruments take their values."""
        return tuple(label.name for label in self.labels)

    @property
    def series(self) -> dict[str, tuple[str, ...]]:
        """Map each series name that a scrape shows to the label names it carries."""
        if self.kind is not Kind.HISTOGRAM:
            return {self.name: self.label_names}
        return {
            f"{self.name}_bucket": (*self.label_names, "le"),
            f"{self.name}_count": self.label_names,
            f"{self.name}_sum": self.label_names,
        }


def edge_label(edge: float) -> str:
    """Write a bucket edge as the exposition writes its `le` label, like `0.15` or `1.0`."""
    return repr(float(edge))
