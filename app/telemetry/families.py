"""Counters, gauges and histograms that cost next to nothing; prometheus_client shows them.

The library's own instruments take half a dozen calls for an observation, and a swipe makes ten of
them: that was half of what telemetry cost. Here it is one, and a scrape reads each child at one
moment, so that a count, its buckets and its sum always belong together.
"""

from __future__ import annotations

from bisect import bisect_left
from contextlib import contextmanager
from math import inf
from threading import Lock
from time import perf_counter, time
from typing import TYPE_CHECKING, Generic, TypeVar

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar
from prometheus_client.utils import floatToGoString

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from prometheus_client.metrics_core import Metric as Shown

    from app.telemetry.model import Metric

T = TypeVar("T")


class Counter:
    """A number that only grows."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self.value = 0.0

    def inc(self, amount: float = 1.0) -> None:
        """Add to it, from any thread."""
        with self._lock:
            self.value += amount


class Gauge:
    """A number that goes up and down, or is asked for at each scrape."""

    __slots__ = ("_ask", "_lock", "_value")

    def __init__(self) -> None:
        """Begin at zero."""
        self._lock = Lock()
        self._value = 0.0
        self._ask: Callable[[], float] | None = None

    @property
    def value(self) -> float:
        """What it is now."""
        return self._value if self._ask is None else float(self._ask())

    def inc(self, amount: float = 1.0) -> None:
        """Add to it, from any thread."""
        with self._lock:
            self._value += amount

    def dec(self, amount: float = 1.0) -> None:
        """Take from it, from any thread."""
        with self._lock:
            self._value -= amount

    def set(self, value: float) -> None:
        """Say what it is."""
        with self._lock:
            self._value = float(value)

    def set_function(self, ask: Callable[[], float]) -> None:
        """Have it asked for at each scrape from now on."""
        self._ask = ask


class Histogram:
    """How many observations were at most as large as each edge, and what they add up to."""

    __slots__ = ("_counts", "_edges", "_exemplars", "_lock", "_sum")

    def __init__(self, edges: Sequence[float]) -> None:
        """Take the upper edges in order, without infinity, which every histogram has."""
        self._lock = Lock()
        self._edges = edges
        self._counts = [0] * (len(edges) + 1)
        self._exemplars: list[Exemplar | None] = [None] * (len(edges) + 1)
        self._sum = 0.0

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        """Count an observation, from any thread; an edge itself belongs to the bucket below it."""
        bucket = bisect_left(self._edges, amount)
        with self._lock:
            self._counts[bucket] += 1
            self._sum += amount
            if exemplar is not None:
                self._exemplars[bucket] = Exemplar(exemplar, amount, time())

    @contextmanager
    def time(self) -> Iterator[None]:
        """Observe the seconds that a block takes, whatever ends it."""
        begun = perf_counter()
        try:
            yield
        finally:
            self.observe(perf_counter() - begun)

    def read(self) -> tuple[list[int], float, list[Exemplar | None]]:
        """Return the counts of each bucket alone, the sum and the exemplars, of one moment."""
        with self._lock:
            return self._counts[:], self._sum, self._exemplars[:]


class Family(Collector, Generic[T]):
    """The children of a metric, one to each set of label values; a registry collects them."""

    def __init__(self, metric: Metric, make: Callable[[], T]) -> None:
        """Take what the catalogue says of it, and how a child is made."""
        self._metric = metric
        self._make = make
        self._lock = Lock()
        self._children: dict[tuple[str, ...], T] = {}

    def labels(self, *values: str) -> T:
        """Return the child of these label values, in the order of the catalogue.

        Raises ValueError when there are too few of them, or too many.
        """
        names = self._metric.label_names
        if len(values) != len(names):
            raise ValueError(f"{self._metric.name} has the labels {names}, not {values}")
        with self._lock:
            child = self._children.get(values)
            if child is None:
                child = self._children[values] = self._make()
            return child

    def describe(self) -> list[Shown]:
        """Name it, so that a registry takes no second one of this name."""
        return [self._show([])]

    def collect(self) -> list[Shown]:
        """Show all children as they are now."""
        with self._lock:
            children = list(self._children.items())
        return [self._show(children)]

    def _show(self, children: Sequence[tuple[tuple[str, ...], T]]) -> Shown:
        raise NotImplementedError


class CounterFamily(Family[Counter]):
    """Counters by their labels."""

    def __init__(self, metric: Metric) -> None:
        """Take what the catalogue says of it."""
        super().__init__(metric, Counter)

    def _show(self, children: Sequence[tuple[tuple[str, ...], Counter]]) -> Shown:
        shown = CounterMetricFamily(
            self._metric.name, self._metric.help, labels=self._metric.label_names
        )
        for values, child in children:
            shown.add_metric(values, child.value)
        return shown


class GaugeFamily(Family[Gauge]):
    """Gauges by their labels."""

    def __init__(self, metric: Metric) -> None:
        """Take what the catalogue says of it."""
        super().__init__(metric, Gauge)

    def _show(self, children: Sequence[tuple[tuple[str, ...], Gauge]]) -> Shown:
        shown = GaugeMetricFamily(
            self._metric.name, self._metric.help, labels=self._metric.label_names
        )
        for values, child in children:
            shown.add_metric(values, child.value)
        return shown


class HistogramFamily(Family[Histogram]):
    """Histograms by their labels."""

    def __init__(self, metric: Metric) -> None:
        """Take what the catalogue says of it."""
        edges = tuple(metric.buckets)
        super().__init__(metric, lambda: Histogram(edges))
        self._bounds = [floatToGoString(edge) for edge in (*edges, inf)]

    def _show(self, children: Sequence[tuple[tuple[str, ...], Histogram]]) -> Shown:
        shown = HistogramMetricFamily(
            self._metric.name, self._metric.help, labels=self._metric.label_names
        )
        for values, child in children:
            counts, total, exemplars = child.read()
            below = 0
            buckets: list[tuple[str, float] | tuple[str, float, Exemplar]] = []
            for bound, count, exemplar in zip(self._bounds, counts, exemplars, strict=True):
                below += count
                buckets.append((bound, below) if exemplar is None else (bound, below, exemplar))
            shown.add_metric(values, buckets, total)
        return shown
