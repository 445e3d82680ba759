"""What our instruments show is what prometheus_client's own would, whoever observes meanwhile."""

from __future__ import annotations

from threading import Event, Thread

import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from app.telemetry.families import CounterFamily, GaugeFamily, Histogram, HistogramFamily
from app.telemetry.model import Kind, Label, Metric, Use

EDGES = (0.005, 0.1, 0.15, 1.0, 10.0)
LABEL = Label("outcome", ("hit", "miss"))
THREADS, EACH = 8, 5_000


def metric(kind: Kind, name: str) -> Metric:
    return Metric(
        name,
        kind,
        "What it is.",
        "1",
        labels=(LABEL,),
        buckets=EDGES if kind is Kind.HISTOGRAM else (),
        uses=(Use.DEBUG,),
    )


def together(work: list[Thread]) -> None:
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()


@given(
    st.lists(
        st.tuples(st.sampled_from(["hit", 'a"b\\\n']), st.sampled_from(EDGES) | st.floats(0, 20))
    )
)
def test_a_histogram_shows_what_the_librarys_shows(observed: list[tuple[str, float]]) -> None:
    prometheus_client.disable_created_metrics()
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    declared = metric(Kind.HISTOGRAM, "petswipe_wait_seconds")
    family = HistogramFamily(declared)
    ours.register(family)
    library = prometheus_client.Histogram(
        declared.name, declared.help, declared.label_names, buckets=EDGES, registry=theirs
    )
    for outcome, amount in observed:
        family.labels(outcome).observe(amount)
        library.labels(outcome).observe(amount)
    assert prometheus_client.generate_latest(ours) == prometheus_client.generate_latest(theirs)
    assert openmetrics(ours) == openmetrics(theirs)


def test_counters_and_gauges_show_what_the_librarys_show() -> None:
    prometheus_client.disable_created_metrics()
    theirs, ours = CollectorRegistry(), CollectorRegistry()
    total, open_ = metric(Kind.COUNTER, "petswipe_asked_total"), metric(Kind.GAUGE, "petswipe_open")
    counters, gauges = CounterFamily(total), GaugeFamily(open_)
    ours.register(counters)
    ours.register(gauges)
    library = prometheus_client.Counter(total.name, total.help, total.label_names, registry=theirs)
    level = prometheus_client.Gauge(open_.name, open_.help, open_.label_names, registry=theirs)
    for counted, shown in ((counters, gauges), (library, level)):
        counted.labels("hit").inc()
        counted.labels("miss").inc(2.5)
        shown.labels("hit").set(7)
        shown.labels("hit").inc()
        shown.labels("hit").dec(2)
        shown.labels("miss").set_function(lambda: 3)
    assert prometheus_client.generate_latest(ours) == prometheus_client.generate_latest(theirs)
    assert openmetrics(ours) == openmetrics(theirs)


def test_an_exemplar_is_on_the_bucket_that_it_belongs_to() -> None:
    registry, family = CollectorRegistry(), HistogramFamily(metric(Kind.HISTOGRAM, "petswipe_wait"))
    registry.register(family)
    family.labels("hit").observe(0.1, {"trace_id": "ab"})
    family.labels("hit").observe(0.05)
    (found,) = text_string_to_metric_families(openmetrics(registry).decode())
    shown = {s.labels["le"]: s.exemplar for s in found.samples if s.exemplar is not None}
    assert shown.keys() == {"0.1"}
    assert shown["0.1"].labels == {"trace_id": "ab"}
    assert shown["0.1"].value == 0.1


def test_nothing_is_lost_between_threads() -> None:
    family = CounterFamily(metric(Kind.COUNTER, "petswipe_asked_total"))
    histogram = Histogram(EDGES)

    def work() -> None:
        for _ in range(EACH):
            family.labels("hit").inc()
            histogram.observe(0.5)

    together([Thread(target=work) for _ in range(THREADS)])
    assert family.labels("hit").value == THREADS * EACH
    counts, total, _ = histogram.read()
    assert (sum(counts), total) == (THREADS * EACH, THREADS * EACH * 0.5)


def test_a_count_and_its_sum_are_of_one_moment() -> None:
    histogram, done = Histogram(EDGES), Event()
    torn: list[tuple[int, float]] = []

    def read() -> None:
        while not done.is_set():
            counts, total, _ = histogram.read()
            if sum(counts) * 0.5 != total:
                torn.append((sum(counts), total))

    reader = Thread(target=read)
    reader.start()
    for _ in range(THREADS * EACH):
        histogram.observe(0.5)
    done.set()
    reader.join()
    assert not torn


def test_a_block_is_timed_though_it_fails() -> None:
    histogram = Histogram(EDGES)
    with pytest.raises(KeyError), histogram.time():
        raise KeyError
    assert sum(histogram.read()[0]) == 1


def test_label_values_must_fit() -> None:
    family = CounterFamily(metric(Kind.COUNTER, "petswipe_asked_total"))
    with pytest.raises(ValueError, match=r"has the labels \('outcome',\), not \('a', 'b'\)"):
        family.labels("a", "b")


def test_a_registry_takes_a_name_once() -> None:
    registry = CollectorRegistry()
    registry.register(CounterFamily(metric(Kind.COUNTER, "petswipe_asked_total")))
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(CounterFamily(metric(Kind.COUNTER, "petswipe_asked_total")))
