"""The instruments that record what the catalogue declares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from app.telemetry import catalog

if TYPE_CHECKING:
    from app.telemetry.catalog import Metric


class Instruments:
    """One process's registry with one attribute a domain event, label children bound once.

    Every child that the catalogue can name in advance exists at zero from the first scrape, so
    that a ratio over it is 0 and not absent while nothing has happened.
    """

    def __init__(self, version: str, revision: str) -> None:
        """Create every instrument of the catalogue in a registry of its own."""
        disable_created_metrics()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.http = HttpInstruments(self.registry)
        self.sign_ups = _counter(catalog.SIGN_UPS, self.registry)
        self.log_ins = _children(catalog.LOG_INS, self.registry)
        self.swipes = _children(catalog.SWIPES, self.registry)
        self.swipe_repeats = _children(catalog.SWIPE_REPEATS, self.registry)
        self.matches = _counter(catalog.MATCHES, self.registry)
        cache_requests = _counter(catalog.CACHE_REQUESTS, self.registry)
        self.deck_cache = {
            result: cache_requests.labels("deck", result)
            for result in catalog.CACHE_REQUESTS.labels[1].values
        }
        self.faults = _children(catalog.FAULTS, self.registry)
        _gauge(catalog.BUILD_INFO, self.registry).labels(version, revision).set(1)


class DispatchInstruments:
    """The registry of a dispatcher, which is a process and a scrape target of its own."""

    def __init__(self, version: str, revision: str) -> None:
        """Create every instrument of a dispatcher in a registry of its own."""
        disable_created_metrics()
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.waiting = _gauge(catalog.OUTBOX_WAITING, self.registry)
        self.oldest_seconds = _gauge(catalog.OUTBOX_OLDEST, self.registry)
        self.dead = _gauge(catalog.OUTBOX_DEAD, self.registry)
        attempts = _counter(catalog.NOTIFICATIONS, self.registry)
        channels, outcomes = (label.values for label in catalog.NOTIFICATIONS.labels)
        self.attempts = {
            channel: {outcome: attempts.labels(channel, outcome) for outcome in outcomes}
            for channel in channels
        }
        metric = catalog.NOTIFICATION_DELIVERY
        delivery = Histogram(
            metric.name,
            metric.help,
            metric.label_names,
            buckets=metric.buckets,
            registry=self.registry,
        )
        self.delivery_seconds = {topic: delivery.labels(topic) for topic in catalog.TOPICS}
        _gauge(catalog.BUILD_INFO, self.registry).labels(version, revision).set(1)


class HttpInstruments:
    """The HTTP histogram and the gauge of active requests, children looked up once a label set."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Create both and start every route's expected answers at zero."""
        metric = catalog.HTTP_DURATION
        self._duration = Histogram(
            metric.name, metric.help, metric.label_names, buckets=metric.buckets, registry=registry
        )
        active = _gauge(catalog.HTTP_ACTIVE, registry)
        self._active = {method: active.labels(method) for method in catalog.METHOD.values}
        self._children: dict[tuple[str, str, int, str], Histogram] = {}
        for route in catalog.ROUTES:
            for status in (*route.success, 500):
                self._child(route.method, route.template, status, "")

    def active(self, method: str) -> Gauge:
        """Return the gauge of requests with this method that are being answered."""
        return self._active[method]

    def observe(self, method: str, route: str, status: int, error: str, seconds: float) -> None:
        """Record one answered request."""
        self._child(method, route, status, error).observe(seconds)

    def _child(self, method: str, route: str, status: int, error: str) -> Histogram:
        key = (method, route, status, error)
        child = self._children.get(key)
        if child is None:
            child = self._duration.labels(method, route, str(status), error)
            self._children[key] = child
        return child


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.label_names, registry=registry)


def _gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric.name, metric.help, metric.label_names, registry=registry)


def _children(metric: Metric, registry: CollectorRegistry) -> dict[str, Counter]:
    """Bind every child of a counter with one label, by the label's value."""
    (label,) = metric.labels
    counter = _counter(metric, registry)
    return {value: counter.labels(value) for value in label.values}
