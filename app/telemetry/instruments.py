"""The instruments that record what the catalogue declares."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from app.telemetry import catalog
from app.telemetry.carrier import Counts
from app.telemetry.catalog import EXCEPTION, OTHER_METHOD, SERIES_BUDGET, UNMATCHED
from app.telemetry.families import CounterFamily, GaugeFamily, HistogramFamily
from app.telemetry.log_writer import LogCounts
from app.telemetry.model import OVERFLOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client.metrics_core import Metric as PrometheusMetric

    from app.telemetry.families import Counter, Gauge, Histogram
    from app.telemetry.model import Label, Metric

    Labelled = dict[tuple[str, ...], int]

T = TypeVar("T")
# For what other metrics show only once it has happened: every kind of error of every operation of
# the databases.
KEPT_SERIES = 500
# A histogram shows a series for every edge, for infinity, for the count and for the sum.
HISTOGRAM_EXTRAS = 3
PROMISED = frozenset((route.method, route.template) for route in catalog.PROMISED)
# What strangers can be answered before a route is found.
PROBED = frozenset(route.template for route in catalog.PROBES)
REFUSALS = (400, 401, 404, 405, 413, 429)


class Children(dict[str, T], Generic[T]):
    """Every child of a family by the value of its last label; unknown values share one child."""

    def __init__(self, bind: Callable[[str], T], label: Label, overflows: Counter) -> None:
        """Bind every value that the catalogue names, so that all are 0 at the first scrape."""
        super().__init__({value: bind(value) for value in label.values})
        self._bind = bind
        self._overflows = overflows

    def __missing__(self, value: str) -> T:
        """Count elsewhere what the catalogue does not know: telemetry never fails a request."""
        self._overflows.inc()
        return self._bind(OVERFLOW)


class Instruments:
    """What every process shows: itself, its databases, its telemetry."""

    def __init__(self, version: str, revision: str) -> None:
        """Create the instruments in a registry of their own."""
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._gauge(catalog.BUILD_INFO).labels(version, revision).set(1)
        overflows = self._counter(catalog.OVERFLOWS)
        self.undeclared = overflows.labels(catalog.UNDECLARED)
        self.crowded = overflows.labels(catalog.CROWDED)
        self.loop_lag = self._histogram(catalog.LOOP_LAG).labels()
        self.databases = DatabaseInstruments(self)
        self._telemetry = TelemetryCollector()
        self.registry.register(self._telemetry)

    def watch_telemetry(
        self,
        spans: Callable[[], Counts],
        logs: Callable[[], LogCounts],
        records: Callable[[], Counts],
    ) -> None:
        """Show what becomes of spans and log lines; all are asked at each scrape."""
        shown = self._telemetry
        shown.spans, shown.logs, shown.records = spans, logs, records

    def _counter(self, metric: Metric) -> CounterFamily:
        family = CounterFamily(metric)
        self.registry.register(family)
        return family

    def _gauge(self, metric: Metric) -> GaugeFamily:
        family = GaugeFamily(metric)
        self.registry.register(family)
        return family

    def _histogram(self, metric: Metric) -> HistogramFamily:
        family = HistogramFamily(metric)
        self.registry.register(family)
        return family

    def counters(self, metric: Metric) -> Children[Counter]:
        """Bind the children of a counter with one label."""
        return Children(self._counter(metric).labels, metric.labels[0], self.undeclared)

    def counter_pairs(self, metric: Metric) -> dict[str, Children[Counter]]:
        """Bind the children of a counter with two labels, by the first and then the second."""
        family, (first, second) = self._counter(metric), metric.labels
        return {
            value: Children(partial(family.labels, value), second, self.undeclared)
            for value in first.values
        }

    def histograms(self, metric: Metric) -> Children[Histogram]:
        """Bind the children of a histogram with one label."""
        return Children(self._histogram(metric).labels, metric.labels[0], self.undeclared)

    def histogram_pairs(self, metric: Metric) -> dict[str, Children[Histogram]]:
        """Bind the children of a histogram with two labels, by the first and then the second."""
        family, (first, second) = self._histogram(metric), metric.labels
        return {
            value: Children(partial(family.labels, value), second, self.undeclared)
            for value in first.values
        }

    def gauges(self, metric: Metric) -> Children[Gauge]:
        """Bind the children of a gauge with one label."""
        return Children(self._gauge(metric).labels, metric.labels[0], self.undeclared)


class ApiInstruments(Instruments):
    """What a worker of the API shows, one attribute a domain event, label children bound once.

    Every child that the catalogue can name in advance exists at zero from the first scrape, so
    that a ratio over it is 0 and not absent while nothing has happened.
    """

    def __init__(self, version: str, revision: str) -> None:
        """Create the instruments in a registry of their own."""
        super().__init__(version, revision)
        self.cache_requests = self.counter_pairs(catalog.CACHE_REQUESTS)
        self.sign_ups = self._counter(catalog.SIGN_UPS).labels()
        self.swipes = self.counters(catalog.SWIPES)
        self.swipe_repeats = self.counters(catalog.SWIPE_REPEATS)
        self.group_commit = GroupCommitInstruments(
            queued=self._gauge(catalog.COMMIT_QUEUED).labels(),
            batch_size=self._histogram(catalog.COMMIT_BATCH).labels(),
            wait_seconds=self._histogram(catalog.COMMIT_WAIT).labels(),
            shed=self._counter(catalog.COMMIT_SHED).labels(),
        )
        self.matches = self._counter(catalog.MATCHES).labels()
        self.match_changes = self.counters(catalog.MATCH_CHANGES)
        self.pets_listed = self.counters(catalog.PETS_LISTED)
        self.uploads = self.counter_pairs(catalog.UPLOADS)
        self.deck_builds = self._histogram(catalog.DECK_BUILDS).labels()
        self.storage_seconds = self.histogram_pairs(catalog.STORAGE_DURATION)
        self.remote_seconds = self.histogram_pairs(catalog.REMOTE_DURATION)
        self.log_ins = self.counters(catalog.LOG_INS)
        self.refreshes = self.counters(catalog.REFRESHES)
        self.tokens_refused = self.counters(catalog.TOKENS_REFUSED)
        self.password_resets = self.counters(catalog.PASSWORD_RESETS)
        self.rate_limited = self.counter_pairs(catalog.RATE_LIMITED)
        self.rate_fallbacks = self._counter(catalog.RATE_FALLBACKS).labels()
        self.idempotency = self.counters(catalog.IDEMPOTENCY)
        self.faults = self.counters(catalog.FAULTS)
        for slo, objective in self.gauges(catalog.SLO_OBJECTIVE).items():
            objective.set(float(catalog.OBJECTIVES[slo]))
        self.first_byte = self.histograms(catalog.HTTP_FIRST_BYTE)
        self.active = self.gauges(catalog.HTTP_ACTIVE)
        # Last, because it takes what is left of the budget.
        self.http = RequestDurations(self._histogram(catalog.HTTP_DURATION), self)


class Nothing(AbstractContextManager["Nothing"]):
    """Takes measurements and keeps none."""

    def labels(self, *_: str) -> Nothing:
        """Return itself for any label values."""
        return self

    def inc(self, *_: float) -> None:
        """Do nothing."""

    dec = set = observe = inc
    set_function = labels

    def time(self) -> Nothing:
        """Time nothing."""
        return self

    def __exit__(self, *_: object) -> None:
        """Do nothing."""


class NullInstruments(ApiInstruments):
    """The instruments of PET_TELEMETRY=none: what measurements of the others compare with."""

    def _counter(self, metric: Metric) -> CounterFamily:
        del metric
        return Nothing()  # type: ignore[return-value]  # it answers to the same calls

    def _gauge(self, metric: Metric) -> GaugeFamily:
        del metric
        return Nothing()  # type: ignore[return-value]

    def _histogram(self, metric: Metric) -> HistogramFamily:
        del metric
        return Nothing()  # type: ignore[return-value]


class DispatchInstruments(Instruments):
    """What a dispatcher shows; it is a process and a scrape target of its own."""

    def __init__(self, version: str, revision: str) -> None:
        """Create the instruments in a registry of their own."""
        super().__init__(version, revision)
        self.waiting = self._gauge(catalog.OUTBOX_WAITING).labels()
        self.oldest_seconds = self._gauge(catalog.OUTBOX_OLDEST).labels()
        self.dead = self._gauge(catalog.OUTBOX_DEAD).labels()
        self.active_sessions = self._gauge(catalog.ACTIVE_SESSIONS).labels()
        self.attempts = self.counter_pairs(catalog.NOTIFICATIONS)
        self.delivery_seconds = self.histogram_pairs(catalog.NOTIFICATION_DELIVERY)


class TelemetryCollector(Collector):
    """Reads the exact counts of spans and log lines when somebody scrapes."""

    def __init__(self) -> None:
        """Show zeros until there is something to ask."""
        self.spans: Callable[[], Counts] = Counts
        self.logs: Callable[[], LogCounts] = LogCounts
        self.records: Callable[[], Counts] = Counts

    def collect(self) -> Iterator[PrometheusMetric]:
        """Show one moment of each."""
        spans, logs, records = self.spans(), self.logs(), self.records()
        yield _counted(catalog.SPANS_STARTED, {(): spans.taken})
        yield _counted(catalog.SPANS_EXPORTED, {(): spans.exported})
        dropped: Labelled = {
            (reason,): spans.dropped.get(reason, 0) for reason in catalog.SPAN_DROPS
        }
        yield _counted(catalog.SPANS_DROPPED, dropped)
        queued = catalog.SPANS_QUEUED
        yield GaugeMetricFamily(queued.name, queued.help, spans.queued)
        lines: Labelled = {
            ("written",): logs.written,
            ("dropped",): logs.dropped,
            ("exported",): records.exported,
            ("export_dropped",): sum(records.dropped.values()),
        }
        yield _counted(catalog.LOG_LINES, lines)


def _counted(metric: Metric, values: Labelled) -> CounterMetricFamily:
    family = CounterMetricFamily(metric.name, metric.help, labels=metric.label_names)
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family


class DatabaseInstruments:
    """Statements, cache commands and pools, in the words of OpenTelemetry's conventions."""

    def __init__(self, process: Instruments) -> None:
        """Create them, and start every operation that succeeds at zero."""
        self._family = process._histogram(catalog.DB_DURATION)  # noqa: SLF001  # a part of it
        self._overflows = process.undeclared
        self._children: dict[tuple[str, str, str], Histogram] = {}
        for system, operations in catalog.DB_OPERATIONS.items():
            for operation in operations:
                self._child(system, operation, "")
        connections = process._gauge(catalog.POOL_CONNECTIONS)  # noqa: SLF001
        self.connections = {
            pool: {state: connections.labels(pool, state) for state in ("idle", "used")}
            for pool in catalog.POOL.values
        }
        self.most = process.gauges(catalog.POOL_MAX)
        self.pending = process.gauges(catalog.POOL_PENDING)
        self.wait_seconds = process.histograms(catalog.POOL_WAIT)
        self.timeouts = process.counters(catalog.POOL_TIMEOUTS)

    def observe(self, system: str, operation: str, error: str, seconds: float) -> None:
        """Record one statement or command."""
        child = self._children.get((system, operation, error))
        if child is None:
            if operation not in catalog.DB_OPERATIONS[system]:
                self._overflows.inc()
                operation = OVERFLOW
            child = self._child(system, operation, error)
        child.observe(seconds)

    def _child(self, system: str, operation: str, error: str) -> Histogram:
        key = (system, operation, error)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = self._family.labels(*key)
        return child


@dataclass(frozen=True, slots=True)
class GroupCommitInstruments:
    """Swipes on their way into PostgreSQL: waiting, stored in one statement, turned away."""

    queued: Gauge
    batch_size: Histogram
    wait_seconds: Histogram
    shed: Counter


class RequestDurations:
    """The histogram of requests, its children looked up once a label set and bounded in number."""

    def __init__(self, family: HistogramFamily, process: Instruments) -> None:
        """Start every operation's expected answers at zero."""
        self._family = family
        self._overflows = process.crowded
        self._failures: dict[str, Counter] = process.counters(catalog.HTTP_FAILURES)
        self._children: dict[tuple[str, str, int, str], Histogram] = {}
        others = sum(len(found.samples) for found in process.registry.collect())
        per_child = len(catalog.HTTP_BUCKETS) + HISTOGRAM_EXTRAS
        # Past the budget there is one child to a kind of error, and one more to each promise.
        kept = len(catalog.ERROR_TYPE.values) * (len(PROMISED) + 1)
        self.most_children = (SERIES_BUDGET - KEPT_SERIES - others) // per_child - kept
        for route in catalog.ROUTES:
            for status in route.success:
                self.child(route.method, route.template, status, "")
        for route in catalog.PROMISED:
            self.child(route.method, route.template, 500, EXCEPTION)
            self.child(route.method, route.template, 503, catalog.ANSWERED)
        for status in REFUSALS:
            self.child(OTHER_METHOD, UNMATCHED, status, "")
        self.child(OTHER_METHOD, UNMATCHED, 400, catalog.MALFORMED)

    def room(self) -> int:
        """Return how many label sets more have a child of their own."""
        return self.most_children - len(self._children)

    def observe(
        self,
        method: str,
        route: str,
        status: int,
        error: str,
        seconds: float,
        exemplar: dict[str, str] | None = None,
    ) -> None:
        """Record one answered request; status 0 means that nothing was sent."""
        self.child(method, route, status, error).observe(seconds, exemplar)
        failure = self._failures.get(error)
        if failure is not None and route not in PROBED:
            failure.inc()

    def child(self, method: str, route: str, status: int, error: str) -> Histogram:
        """Return the child of a label set; past the budget, a new one loses what matters least."""
        key = (method, route, status, error)
        child = self._children.get(key)
        if child is None:
            labels = (method, route, str(status) if status else "", error)
            if self.room() > 0:
                child = self._children[key] = self._family.labels(*labels)
            else:
                self._overflows.inc()
                # Objectives go by operation and kind of error, whatever strangers have filled up.
                kept = (method, route) if (method, route) in PROMISED else (OTHER_METHOD, OVERFLOW)
                child = self._family.labels(*kept, OVERFLOW, error)
        return child
