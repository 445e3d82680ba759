from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.artifacts import GENERATED
from alerts.checks.runbooks import queries
from alerts.checks.runbooks.queries import wrong_in
from alerts.reading.loaded import load
from tests.alerts.checks.runbook_pages import PAGE, changed, repository

if TYPE_CHECKING:
    from pathlib import Path

QUERY = "sum by (job) (job:logins:rate5m)"


def test_a_query_of_what_is_emitted_and_recorded_is_accepted(tmp_path: Path) -> None:
    assert list(queries.check(repository(tmp_path))) == []


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sum by (job) (job:logins:rate1h)", "nothing shows or records job:logins:rate1h"),
        ("sum(rate(petswipe_login_total[5m]))", "nothing shows or records petswipe_login_total"),
        ('petswipe_logins_total{result="x"}', "petswipe_logins_total has no label result, only "),
        ('petswipe_logins_total{outcome="fail"}', "petswipe_logins_total has no outcome 'fail'"),
        ('petswipe_logins_total{outcome!="fail"}', "petswipe_logins_total has no outcome 'fail'"),
        (
            'petswipe_logins_total{outcome=~"failure|error"}',
            "petswipe_logins_total has no outcome 'error', only ",
        ),
        (
            'petswipe_logins_total{outcome=~"err.*"}',
            "petswipe_logins_total has no outcome 'err.*', only ",
        ),
        (
            'http_server_request_duration_seconds_count{http_route="/api/swipe"}',
            "http_server_request_duration_seconds_count has no http_route '/api/swipe', only /",
        ),
        ("sum by (outcome) (job:logins:rate5m)", "sum groups by outcome, which is not there"),
        ("sum by (job) (job:logins:rate5m", "no PromQL: unclosed left parenthesis"),
        ("petswipe_logins_total[5m]", "is a range: aggregate it to one value a series"),
        ("rate(petswipe_logins_total[$__rate_interval])", "has a variable of Grafana: give"),
    ],
)
def test_a_query_of_what_does_not_exist_is_found(query: str, message: str, tmp_path: Path) -> None:
    page = changed(PAGE, QUERY, query)
    (problem,) = queries.check(repository(tmp_path, page))
    assert problem.message.startswith(message)
    line = page.splitlines().index("```promql") + 1
    assert problem.where == f"{tmp_path / 'runbooks' / 'LoginsGone.md'}:{line}"


@pytest.mark.parametrize(
    "query",
    [
        'petswipe_logins_total{outcome=~"fail.*"}',
        'petswipe_logins_total{outcome=~"failure|throttled"}',
        'http_server_request_duration_seconds_count{error_type=""}',
        'up{job="petswipe-api"}',
        "histogram_quantile(0.99, sum by (le) (rate(petswipe_deck_build_seconds_bucket[5m])))",
        "sum by (sloth_slo) (slo:current_burn_rate:ratio)",
        "vector(1)",
        "# Nothing is left of the budget:\nslo:period_error_budget_remaining:ratio < 0",
    ],
)
def test_what_the_service_emits_and_its_rules_record_can_be_asked_for(query: str) -> None:
    assert list(wrong_in(query, load(GENERATED).known)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (queries, test_a_query_of_what_does_not_exist_is_found),
]
ACCEPTED = [
    (queries, test_a_query_of_what_is_emitted_and_recorded_is_accepted),
]
