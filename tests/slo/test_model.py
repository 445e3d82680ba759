from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.telemetry.catalog import (
    HTTP_ACTIVE,
    HTTP_BUCKETS,
    HTTP_DURATION,
    LOG_INS,
    METRICS,
)
from app.telemetry.model import (
    Kind,
    edge_label,
)
from slo.indicators import LatencySli, RatioSli
from slo.model import BURN_WINDOWS, PERIOD, BurnWindow, Severity, Slo
from slo.objectives import SWIPE_AVAILABILITY
from slo.promql import Matcher, UnknownSeriesError

MONTH = timedelta(days=30)
FOUR_WEEKS = timedelta(days=28)
FAILED_LOG_IN = Matcher("outcome", "=", "failure")


def test_the_windows_are_those_of_the_workbook() -> None:
    assert PERIOD == MONTH
    assert [(w.severity, w.budget_spent, w.long, w.short) for w in BURN_WINDOWS] == [
        (Severity.PAGE, Fraction(2, 100), timedelta(hours=1), timedelta(minutes=5)),
        (Severity.PAGE, Fraction(5, 100), timedelta(hours=6), timedelta(minutes=30)),
        (Severity.TICKET, Fraction(10, 100), timedelta(days=1), timedelta(hours=2)),
        (Severity.TICKET, Fraction(10, 100), timedelta(days=3), timedelta(hours=6)),
    ]


@pytest.mark.parametrize(
    ("period", "factors"),
    [
        (MONTH, ["14.4", "6", "3", "1"]),
        (FOUR_WEEKS, ["13.44", "5.6", "2.8", "14/15"]),
        (timedelta(days=7), ["3.36", "1.4", "0.7", "7/30"]),
    ],
)
def test_factors_are_exact(period: timedelta, factors: list[str]) -> None:
    assert [window.factor(period) for window in BURN_WINDOWS] == list(map(Fraction, factors))


@settings(deadline=None)
@given(
    spent=st.fractions(min_value=Fraction(1, 1000), max_value=1),
    minutes=st.integers(min_value=1, max_value=10_000),
    days=st.integers(min_value=1, max_value=366),
)
def test_a_burn_at_the_factor_spends_the_budget_in_the_long_window(
    spent: Fraction, minutes: int, days: int
) -> None:
    window = BurnWindow(Severity.PAGE, spent, timedelta(minutes=minutes), timedelta(minutes=1))
    factor = window.factor(timedelta(days=days))
    assert factor * Fraction(minutes, days * 24 * 60) == spent


@pytest.mark.parametrize(
    ("objective", "budget"), [("0.9995", "0.0005"), ("0.95", "0.05"), ("0.999", "0.001")]
)
def test_budgets_are_exact(objective: str, budget: str) -> None:
    assert slo(objective=Fraction(objective)).budget == Fraction(budget)


@pytest.mark.parametrize("objective", [0.9995, 1, "0.9995", None])
def test_an_objective_that_is_no_fraction_is_refused(objective: Any) -> None:
    with pytest.raises(TypeError, match="give the objective as a Fraction"):
        slo(objective=objective)


@pytest.mark.parametrize("objective", ["0", "1", "-0.5", "1.5", "99.95"])
def test_an_objective_that_cannot_be_kept_or_broken_is_refused(objective: str) -> None:
    with pytest.raises(ValueError, match="must lie between 0 and 1, both excluded"):
        slo(objective=Fraction(objective))


def test_a_burn_rate_that_can_never_be_reached_is_refused() -> None:
    # Everything failing burns 90 % at a rate of 10, 95 % at a rate of 20.
    with pytest.raises(ValueError, match=r"a burn rate of 14\.4 can never be reached"):
        slo(objective=Fraction("0.9"))
    assert slo(objective=Fraction("0.95")).budget == Fraction("0.05")


def test_a_burn_rate_that_only_a_full_outage_reaches_is_refused_too() -> None:
    # An alert asks for more than its threshold, and there is nothing above all.
    exactly = 1 - 1 / Fraction("14.4")
    with pytest.raises(ValueError, match="can never be reached"):
        slo(objective=exactly)
    assert slo(objective=exactly + Fraction(1, 1000)).burn_windows == BURN_WINDOWS


@pytest.mark.parametrize("name", ["", "ab", "Swipes", "1-swipe", "swipe_latency", "s" * 65])
def test_an_id_of_another_shape_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="3 to 64 of a-z"):
        slo(id=name)


def test_a_ratio_counts_a_histogram_by_its_count() -> None:
    sli = RatioSli(HTTP_DURATION, (), Matcher("http_response_status_code", "=~", "5.."))
    assert str(sli.total) == "http_server_request_duration_seconds_count"
    assert str(sli.bad_events) == (
        'http_server_request_duration_seconds_count{http_response_status_code=~"5.."}'
    )


def test_a_ratio_counts_a_counter_by_itself() -> None:
    sli = RatioSli(LOG_INS, (Matcher("job", "=", "x"),), FAILED_LOG_IN)
    assert str(sli.total) == 'petswipe_logins_total{job="x"}'
    assert str(sli.bad_events) == 'petswipe_logins_total{job="x",outcome="failure"}'


def test_a_latency_counts_what_is_in_the_bucket_of_its_threshold() -> None:
    sli = LatencySli(HTTP_DURATION, (Matcher("job", "=", "x"),), Fraction("0.15"))
    assert str(sli.total) == 'http_server_request_duration_seconds_count{job="x"}'
    assert str(sli.good_events) == (
        'http_server_request_duration_seconds_bucket{job="x",le="0.15"}'
    )


@pytest.mark.parametrize("edge", HTTP_BUCKETS)
def test_every_bucket_edge_is_a_threshold(edge: float) -> None:
    sli = LatencySli(HTTP_DURATION, (), Fraction(str(edge)))
    assert f'le="{edge!r}"' in str(sli.good_events)


@pytest.mark.parametrize("threshold", ["0.2", "0.1500001", "0", "20", "150"])
def test_a_threshold_between_the_buckets_is_refused_with_what_there_is(threshold: str) -> None:
    with pytest.raises(ValueError, match=r"is no bucket edge of .*: one of 0\.005, 0\.01, "):
        LatencySli(HTTP_DURATION, (), Fraction(threshold))


def test_a_gauge_is_refused_as_an_indicator() -> None:
    with pytest.raises(ValueError, match="is a gauge: an SLI counts events"):
        RatioSli(HTTP_ACTIVE, (), Matcher("http_request_method", "=", "GET"))


@pytest.mark.parametrize("metric", [x for x in METRICS if x.kind is not Kind.HISTOGRAM])
def test_latency_of_what_is_no_histogram_is_refused(metric: Any) -> None:
    with pytest.raises(ValueError, match="is no histogram: latency needs one"):
        LatencySli(metric, (), Fraction("0.15"))


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher("status", "=", "500"),
        Matcher("le", "=", "0.15"),
        Matcher("http_request_method", "=", "post"),
        Matcher("http_route", "!=", "/api/swipe"),
    ],
)
def test_an_indicator_of_what_is_never_emitted_is_refused(matcher: Matcher) -> None:
    with pytest.raises(UnknownSeriesError):
        RatioSli(HTTP_DURATION, (), matcher)
    with pytest.raises(UnknownSeriesError):
        LatencySli(HTTP_DURATION, (matcher,), Fraction("0.15"))


def test_bucket_edges_are_written_as_the_exposition_writes_them() -> None:
    registry = CollectorRegistry()
    Histogram("duration", "x", buckets=HTTP_BUCKETS, registry=registry).observe(1)
    families = text_string_to_metric_families(generate_latest(registry).decode())
    samples = [sample for family in families for sample in family.samples]
    written = [x.labels["le"] for x in samples if x.name == "duration_bucket"]
    assert written == [*map(edge_label, HTTP_BUCKETS), "+Inf"]


def slo(**given: Any) -> Slo:
    return replace(SWIPE_AVAILABILITY, **given)
