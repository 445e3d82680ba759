from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.artifacts import GENERATED, write
from alerts.checks.series import check, unknown_names

if TYPE_CHECKING:
    from pathlib import Path

RULES = "slo-swipe-availability.rules.yml"
KNOWN = {"requests_total": ("job", "code"), "up": ("job",)}


def test_the_committed_rules_name_only_what_exists() -> None:
    assert list(check(GENERATED)) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "slo:sli_error:ratio_rate1h{",
            "slo:sli_error:ratio_rate4h{",
            "no metric of the catalogue and no rule is called slo:sli_error:ratio_rate4h",
        ),
        (
            "slo:sli_error:ratio_rate1h{",
            'slo:sli_error:ratio_rate1h{team="pets",',
            "slo:sli_error:ratio_rate1h has no label team: sloth_id, sloth_service, sloth_slo, ",
        ),
        ("> 0.0072 and on", "> 0.0072 and and on", "no PromQL: "),
    ],
)
def test_a_wrong_expression_is_found_with_its_rule(
    old: str, new: str, message: str, tmp_path: Path
) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    (problem,) = check(tmp_path)
    assert problem.check == "rules/series"
    assert problem.where == f"{path}: SwipeAvailabilityBudgetBurnPage"
    assert problem.message.startswith(message)
    assert "\n" not in str(problem)


def test_a_metric_that_the_service_does_not_emit_is_found_in_every_rule(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / RULES
    path.write_text(path.read_text().replace("_duration_seconds_count{", "_duration_ms_count{"))
    problems = list(check(tmp_path))
    named = {problem.where.removeprefix(f"{path}: ") for problem in problems}
    # Everything else is made of these.
    assert named == {"slo:sli_total:increase1m", "slo:sli_bad:increase1m"}
    assert {problem.message for problem in problems} == {
        "no metric of the catalogue and no rule is called http_server_request_duration_ms_count"
    }


@pytest.mark.parametrize(
    "text",
    [
        "groups: [",
        "",
        "groups:\n",
        "- groups\n",
        "groups: [{name: x}]\n",
        "groups: [{name: x, rules: [{record: a}]}]\n",
        "groups: [{name: x, rules: [{expr: a}]}]\n",
        "groups: [{name: x, rules: [words]}]\n",
    ],
)
def test_a_file_that_holds_no_rules_is_a_problem_and_not_a_crash(text: str, tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "mine.rules.yml"
    path.write_text(text)
    (problem,) = check(tmp_path)
    assert problem.where == str(path)
    assert problem.message.startswith("no rule file: ")
    assert "\n" not in problem.message


@pytest.mark.parametrize(
    "expression",
    [
        'requests_total{code="200"}',
        "sum by (job) (rate(requests_total[5m])) / 2 > 1",
        "1 - (requests_total or vector(0))",
        "-requests_total",
        "max_over_time(rate(requests_total[5m])[1h:1m])",
        "requests_total offset 5m unless on (job) up == 0",
        "histogram_quantile(0.9, requests_total)",
        "topk(3, requests_total @ 1)",
        "1",
    ],
)
def test_an_expression_of_known_series_is_accepted(expression: str) -> None:
    assert list(unknown_names(expression, KNOWN)) == []


@pytest.mark.parametrize(
    "expression",
    [
        "requests",
        "sum by (job) (rate(requests[5m])) / 2 > 1",
        "1 - (requests or vector(0))",
        "-requests",
        "max_over_time(rate(requests[5m])[1h:1m])",
        "requests_total unless on (job) requests == 0",
        "up and requests offset 5m",
        "histogram_quantile(0.9, requests)",
        "topk(scalar(requests), up)",
        "count_values('x', requests)",
    ],
)
def test_an_unknown_series_is_found_wherever_it_stands(expression: str) -> None:
    message = "no metric of the catalogue and no rule is called requests"
    assert list(unknown_names(expression, KNOWN)) == [message]


def test_a_selector_without_a_name_is_not_waved_through() -> None:
    assert len(list(unknown_names('{job="x"}', KNOWN))) == 1


def test_an_unknown_label_is_found_inside_a_range() -> None:
    found = list(unknown_names('rate(requests_total{route="/"}[5m])', KNOWN))
    assert found == ["requests_total has no label route: job, code"]
