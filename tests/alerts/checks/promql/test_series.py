from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.artifacts import GENERATED
from alerts.checks.promql import labels, series
from alerts.reading.loaded import load
from tests.alerts.checks.written import recorded, said, written

if TYPE_CHECKING:
    from pathlib import Path

RULES = "slo-swipe-availability.rules.yml"


@pytest.mark.parametrize(
    "expression",
    [
        'petswipe_swipes_total{direction="like"}',
        "sum by (job) (rate(petswipe_swipes_total[5m])) / 2 > 1",
        "1 - (petswipe_outbox_dead or vector(0))",
        "-petswipe_outbox_dead",
        "max_over_time(rate(petswipe_swipes_total[5m])[1h:1m])",
        "petswipe_outbox_dead offset 5m unless on (job) up == 0",
        "topk(3, petswipe_outbox_dead @ 1)",
        "1",
    ],
)
def test_an_expression_of_known_series_is_accepted(expression: str, tmp_path: Path) -> None:
    assert said(series, written(tmp_path, recorded(expression))) == []


@pytest.mark.parametrize(
    "expression",
    [
        "requests",
        "sum by (job) (rate(requests[5m])) / 2 > 1",
        "1 - (requests or vector(0))",
        "-requests",
        "max_over_time(rate(requests[5m])[1h:1m])",
        "up unless on (job) requests == 0",
        "up and requests offset 5m",
        "histogram_quantile(0.9, requests)",
        "topk(scalar(requests), up)",
        "count_values('x', requests)",
        "rate(requests[$__rate_interval])",
    ],
)
def test_an_unknown_series_is_found_wherever_it_stands(expression: str, tmp_path: Path) -> None:
    (message,) = said(series, written(tmp_path, recorded(expression)))
    assert message.endswith("no exporter and no rule is called requests")


def test_a_metric_that_the_service_does_not_emit_is_found_in_every_rule(tmp_path: Path) -> None:
    text = (
        (GENERATED / RULES).read_text().replace("_duration_seconds_count{", "_duration_ms_count{")
    )
    (tmp_path / RULES).write_text(text)
    problems = list(series.check(load(tmp_path)))
    # Everything else is made of these.
    assert {problem.rule for problem in problems} == {
        "slo:sli_total:increase1m",
        "slo:sli_bad:increase1m",
    }
    assert all("called http_server_request_duration_ms_count" in p.message for p in problems)


def test_the_value_of_a_label_is_known_through_what_is_recorded(tmp_path: Path) -> None:
    rules = (
        recorded('sum by (job) (up{job="redis"})', "job:one:sum"),
        recorded('job:one:sum{job="node"}', "job:two:sum"),
    )
    assert said(labels, written(tmp_path, *rules)) == [
        "job:two:sum: job:one:sum: job is never 'node': 'redis'"
    ]
