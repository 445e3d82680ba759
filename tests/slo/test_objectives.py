from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.reading.known import Known
from alerts.reading.unknown import wrong_matchers
from app.telemetry.catalog import (
    ACTUATOR_INFO,
    DISPATCH_JOB,
    DOCS,
    HEALTH_DEEP,
    JOB,
    OPENAPI,
    PROBES,
    ROUTE,
    UNMATCHED,
)
from slo.indicators import LatencySli, RatioSli
from slo.objectives import (
    API_AVAILABILITY,
    NOTIFICATION_FRESHNESS,
    OBJECTIVES,
    SWIPE_LATENCY,
    SWIPE_LATENCY_P99,
    UnknownSloError,
    choose,
)
from slo.report import percent

if TYPE_CHECKING:
    from slo.model import Slo

PROMISED = {
    "swipe-availability": "99.95 %",
    "swipe-latency": "95 %",
    "swipe-latency-p99": "99 %",
    "deck-availability": "99.95 %",
    "deck-latency": "95 %",
    "login-availability": "99.9 %",
    "upload-availability": "99.5 %",
    "notification-freshness": "99 %",
    "api-availability": "99.95 %",
}
IDS = list(PROMISED)


def test_the_promises_are_these() -> None:
    assert [(slo.id, percent(slo.objective), slo.period) for slo in OBJECTIVES] == [
        (name, share, timedelta(days=30)) for name, share in PROMISED.items()
    ]


def test_latency_is_that_of_answers_within_150_ms_and_a_failure_is_no_answer() -> None:
    assert isinstance(SWIPE_LATENCY.sli, LatencySli)
    assert str(SWIPE_LATENCY.sli.total) == (
        'http_server_request_duration_seconds_count{job="petswipe-api",'
        'http_request_method="POST",http_route="/api/swipes",'
        'error_type!~"error|cancelled|exception|timeout"}'
    )
    assert '|timeout",le="0.15"' in str(SWIPE_LATENCY.sli.good_events)


def test_the_tail_of_swipes_is_that_of_the_same_answers_at_300_ms() -> None:
    assert isinstance(SWIPE_LATENCY.sli, LatencySli)
    assert replace(SWIPE_LATENCY.sli, threshold=Fraction("0.3")) == SWIPE_LATENCY_P99.sli


def test_news_of_a_match_is_fresh_for_a_minute_and_counted_where_it_is_delivered() -> None:
    assert isinstance(NOTIFICATION_FRESHNESS.sli, LatencySli)
    assert str(NOTIFICATION_FRESHNESS.sli.good_events) == (
        'petswipe_notification_delivery_seconds_bucket{job="petswipe-dispatcher",topic="match",'
        'outcome="delivered",le="60.0"}'
    )
    # What was given up is among all events, so that it is a bad one, however soon it was.
    assert "outcome" not in str(NOTIFICATION_FRESHNESS.sli.total)


def test_the_api_is_what_people_ask_for_and_nothing_that_machines_do() -> None:
    assert isinstance(API_AVAILABILITY.sli, RatioSli)
    (pattern,) = [m.value for m in API_AVAILABILITY.sli.matchers if m.label == ROUTE.name]
    left_out = {route for route in ROUTE.values if not re.fullmatch(pattern, route)}
    machines = {route.template for route in (*PROBES, HEALTH_DEEP, ACTUATOR_INFO, OPENAPI, DOCS)}
    assert left_out == {*machines, UNMATCHED}


@pytest.mark.parametrize("slo", OBJECTIVES, ids=lambda slo: slo.id)
def test_every_indicator_reads_what_the_service_emits(slo: Slo) -> None:
    known = Known((), (JOB, DISPATCH_JOB))
    assert isinstance(slo.sli, RatioSli | LatencySli)
    second = slo.sli.bad_events if isinstance(slo.sli, RatioSli) else slo.sli.good_events
    for selector in (slo.sli.total, second):
        parsed = promql_parser.parse(str(selector))
        assert isinstance(parsed, promql_parser.VectorSelector)
        assert (parsed.name or "") in known
        assert list(wrong_matchers(parsed, known)) == []


def test_choosing_none_is_choosing_all_and_an_order_is_kept() -> None:
    assert [slo.id for slo in choose(())] == IDS
    assert [slo.id for slo in choose(("deck-latency", "swipe-latency"))] == [
        "deck-latency",
        "swipe-latency",
    ]


def test_an_unknown_one_is_refused_with_those_there_are() -> None:
    with pytest.raises(UnknownSloError) as caught:
        choose(("swipe-latency", "swipes"))
    assert str(caught.value) == f"there is no SLO 'swipes': one of {', '.join(IDS)}"
