from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.reading.known import Known
from alerts.reading.unknown import wrong_matchers
from app.telemetry.catalog import DISPATCH_JOB, JOB
from slo.indicators import LatencySli, RatioSli
from slo.objectives import OBJECTIVES, SWIPE_LATENCY, UnknownSloError, choose
from slo.report import percent

if TYPE_CHECKING:
    from slo.model import Slo

IDS = ["swipe-availability", "swipe-latency", "deck-availability", "deck-latency"]


def test_the_promises_are_these() -> None:
    assert [(slo.id, percent(slo.objective), slo.period) for slo in OBJECTIVES] == [
        ("swipe-availability", "99.95 %", timedelta(days=30)),
        ("swipe-latency", "95 %", timedelta(days=30)),
        ("deck-availability", "99.95 %", timedelta(days=30)),
        ("deck-latency", "95 %", timedelta(days=30)),
    ]


def test_latency_is_that_of_answers_within_150_ms_and_a_failure_is_no_answer() -> None:
    assert isinstance(SWIPE_LATENCY.sli, LatencySli)
    assert str(SWIPE_LATENCY.sli.total) == (
        'http_server_request_duration_seconds_count{job="petswipe-api",'
        'http_request_method="POST",http_route="/api/swipes",'
        'error_type!~"error|cancelled|exception|timeout"}'
    )
    assert '|timeout",le="0.15"' in str(SWIPE_LATENCY.sli.good_events)


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
