"""Names in queries of panels, annotations and variables, and in the words for their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashboards.checks import series
from tests.dashboards.checks.drawn import CHOSEN, EXPR, OTHER, REQUESTS, changed, drawn, said

if TYPE_CHECKING:
    from pathlib import Path

LEGEND = (*OTHER, "targets", 0, "legendFormat")
ANNOTATION = ("annotations", "list", 0)
JOB = ("templating", "list", 1, "query")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            EXPR,
            "http_request_total",
            "query A: no metric of the catalogue, no exporter and no rule",
        ),
        (EXPR, '{job="petswipe-api"}', "a selector without a name"),
        (EXPR, 'redis_up{region="eu"}', "redis_up has no label region"),
        (EXPR, 'up{job="petswipe"}', "up: job is never 'petswipe'"),
        (EXPR, f'rate({REQUESTS}{{http_request_method="GTE"}}[5m])', "never 'GTE'"),
        (EXPR, 'job:http_requests:rate5m{instance=~"$instance"}', "has no label instance"),
        (EXPR, "sum by (region) (redis_up)", "sum by (region): redis_up has no such label"),
        (LEGEND, "{{ instance }}", "{{instance}} stays empty, the answer has these labels: none"),
        ((*ANNOTATION, "target", "expr"), "deploys", "Versions: no metric of the catalogue"),
        ((*ANNOTATION, "target", "expr"), "redis_up", "Versions: {{version}} stays empty"),
        ((*ANNOTATION, "target", "expr"), "up{", "Versions: "),
        ((*ANNOTATION, "target", "expr"), 'up{job="$other"}', "the dashboard has no variable"),
        (JOB, "label_values(ups, job)", "variable 'job': no metric of the catalogue"),
        (
            JOB,
            "label_values(up, region)",
            "variable 'job': lists region, which its series have not",
        ),
        (JOB, 'label_values(up{job="petswipe"}, job)', "variable 'job': up: job is never"),
    ],
)
def test_a_name_that_nothing_has_is_found(
    path: tuple[str | int, ...], value: Any, message: str, tmp_path: Path
) -> None:
    (found,) = said(series, drawn(tmp_path, changed((path, value))))
    assert message in found


@pytest.mark.parametrize(
    "expr",
    [
        f"rate({REQUESTS}{{{CHOSEN}}}[$__rate_interval])",
        f"increase({REQUESTS}{{{CHOSEN}}}[$__range])",
        f"rate({REQUESTS}{{{CHOSEN}}}[${{__interval}}])",
        'redis_up{job=~"${job:regex}"}',
        'slo:error_budget:ratio{sloth_slo="deck"}',
        'ALERTS{alertstate="firing",alertname="CacheDown"}',
    ],
)
def test_names_that_something_shows_or_records_are_accepted(expr: str, tmp_path: Path) -> None:
    assert said(series, drawn(tmp_path, changed((EXPR, expr)))) == []


@pytest.mark.parametrize("query", ["label_names()", "metrics(redis_.*)", "label_values(job)"])
def test_a_variable_that_names_no_series_is_accepted(query: str, tmp_path: Path) -> None:
    assert said(series, drawn(tmp_path, changed((JOB, query)))) == []


def test_a_legend_of_labels_that_the_answer_has_is_accepted(tmp_path: Path) -> None:
    board = changed((EXPR, f"sum by (job) (redis_up{{{CHOSEN}}})"), (LEGEND, "{{job}} and more"))
    assert said(series, drawn(tmp_path, board)) == []


# Of each check, what it rejects and what it accepts.
REJECTED = [
    (series, test_a_name_that_nothing_has_is_found),
]
ACCEPTED = [
    (series, test_names_that_something_shows_or_records_are_accepted),
]
