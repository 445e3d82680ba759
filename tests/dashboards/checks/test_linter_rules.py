"""The 17 rules of Grafana's dashboard-linter: what each refuses, beside a board that all accept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dashboards.checks import (
    panel_datasource,
    panel_no_targets,
    panel_title_description,
    panel_units,
    target_counter_agg,
    target_instance,
    target_job,
    target_logql,
    target_logql_auto,
    target_promql,
    target_rate_interval,
    template_datasource,
    template_instance,
    template_job,
    template_label_promql,
    template_on_time_change_reload,
    uneditable_dashboard,
)
from tests.dashboards.checks.drawn import (
    CHOSEN,
    EXPR,
    GONE,
    OTHER,
    REQUESTS,
    changed,
    drawn,
    said,
    with_logs,
)

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

LIST = ("templating", "list")
JOB, INSTANCE = (*LIST, 1), (*LIST, 2)
TARGET = (*OTHER, "targets", 0)
UNIT = (*OTHER, "fieldConfig", "defaults", "unit")
RATE = f"rate({REQUESTS}{{{CHOSEN}}}[5m])"
ALL_RULES = (
    *(panel_datasource, panel_no_targets, panel_title_description, panel_units),
    *(target_counter_agg, target_instance, target_job, target_logql, target_logql_auto),
    *(target_promql, target_rate_interval, template_datasource, template_instance, template_job),
    *(template_label_promql, template_on_time_change_reload, uneditable_dashboard),
)
LINES = '{job=~"$job"} |= "error"'
COUNTED = f"sum by (level) (count_over_time({LINES} | json [$__auto]))"
OF_BOARDS: list[tuple[ModuleType, tuple[str | int, ...], Any, str]] = [
    (template_datasource, (*LIST, 0, "type"), "custom", "no variable of type datasource"),
    (template_datasource, (*LIST, 0, "name"), "prom", "'prom' is not its name"),
    (template_datasource, (*LIST, 0, "label"), "Source", "'Source' is not its label"),
    (template_job, (*JOB, "name"), "service", "no variable 'job'"),
    (template_job, (*JOB, "multi"), False, "takes one value only"),
    (template_job, (*JOB, "allValue"), ".*", "All stands for '.*': .+"),
    (template_job, (*JOB, "label"), "job", "is labelled 'job': Job"),
    (template_job, (*JOB, "type"), "custom", "it should be a query"),
    (template_job, (*JOB, "datasource"), {"uid": "prometheus"}, "asks 'prometheus'"),
    (template_instance, INSTANCE, GONE, "no variable 'instance'"),
    (template_instance, (*INSTANCE, "label"), "Pod", "is labelled 'Pod': Instance"),
    (template_label_promql, (*JOB, "query"), "up", "'up' is no query of a variable"),
    (template_label_promql, (*JOB, "query"), "label_values(up)x", "is no query"),
    (template_label_promql, (*JOB, "query"), "label_values(up{, job)", "variable 'job': "),
    (template_label_promql, (*JOB, "query"), "label_values(up, a b)", "lists no label"),
    (template_label_promql, (*JOB, "query"), 'query_result(up{a="$x"})', "no variable x"),
    (template_on_time_change_reload, (*JOB, "refresh"), 1, "refresh it on time change"),
    (panel_datasource, (*OTHER, "datasource"), {"uid": "P1809"}, "asks P1809: ${datasource}"),
    (panel_datasource, (*OTHER, "datasource"), GONE, "asks the default data source"),
    (panel_datasource, (*TARGET, "datasource"), {"uid": "$ds"}, "query A: asks $ds"),
    (panel_title_description, (*OTHER, "title"), "", "panel without a title: no title"),
    (panel_title_description, (*OTHER, "description"), GONE, "Requests: no description"),
    (panel_units, UNIT, GONE, "no unit: `short` for a plain number"),
    (panel_units, UNIT, "second", "'second' is no unit of Grafana"),
    (panel_units, UNIT, "byte", "bytes is meant?"),
    (panel_no_targets, (*OTHER, "targets"), [], "asks nothing"),
    (panel_no_targets, (*TARGET, "hide"), True, "asks nothing"),
    (target_promql, EXPR, "sum(up", "no PromQL"),
    (target_promql, EXPR, "", "asks nothing"),
    (target_promql, EXPR, 'up{job="$service"}', "the dashboard has no variable service"),
    (target_rate_interval, EXPR, f"sum({RATE})", "over $__rate_interval"),
    (target_rate_interval, EXPR, f"max_over_time({RATE}[1h:])", "over $__rate_interval"),
    (target_rate_interval, EXPR, RATE.replace("5m", "$__interval"), "over $__rate_interval"),
    (target_job, EXPR, 'up{instance=~"$instance"}', 'up: select it by job=~"$job"'),
    (target_job, EXPR, 'up{job="$job"}', 'up: select it by job=~"$job"'),
    (target_job, EXPR, "job:http_requests:rate5m", 'select it by job=~"$job"'),
    (target_instance, EXPR, 'up{job=~"$job"}', 'up: select it by instance=~"$instance"'),
    (target_counter_agg, EXPR, REQUESTS, "is a counter: take its rate() or increase()"),
    (target_counter_agg, EXPR, f"delta({REQUESTS}[1h])", "is a counter"),
    (target_counter_agg, EXPR, "sum(things_total)", "things_total is a counter"),
    (uneditable_dashboard, ("editable",), True, "set editable to false"),
    (uneditable_dashboard, ("editable",), GONE, "set editable to false"),
]
OF_LOGS: list[tuple[ModuleType, str, str]] = [
    (target_logql, "{job=~}", "no LogQL: string expected, not }"),
    (target_logql, '{job="$other"}', "the dashboard has no variable other"),
    (target_logql_auto, COUNTED.replace("$__auto", "5m"), "[5m]: count over [$__auto]"),
    (target_logql_auto, COUNTED.replace("$__auto", "$__range"), "count over [$__auto]"),
]
REJECTED = [*OF_BOARDS, *OF_LOGS]
# Boards as ours are.
ACCEPTED = [(rule,) for rule in ALL_RULES]


def test_all_17_rules_accept_boards_as_ours_are(tmp_path: Path) -> None:
    assert len(ALL_RULES) == 17
    loaded = drawn(tmp_path, changed(), with_logs(LINES), with_logs(COUNTED))
    assert [message for rule in ALL_RULES for message in said(rule, loaded)] == []


@pytest.mark.parametrize(("rule", "path", "value", "message"), OF_BOARDS)
def test_a_board_that_breaks_a_rule_is_found(
    rule: ModuleType, path: tuple[str | int, ...], value: Any, message: str, tmp_path: Path
) -> None:
    loaded = drawn(tmp_path, changed((path, value)))
    (found,) = said(rule, loaded)
    assert message in found


@pytest.mark.parametrize(("rule", "expr", "message"), OF_LOGS)
def test_a_query_of_loki_that_breaks_a_rule_is_found(
    rule: ModuleType, expr: str, message: str, tmp_path: Path
) -> None:
    (found,) = said(rule, drawn(tmp_path, with_logs(expr)))
    assert message in found


@pytest.mark.parametrize(
    ("rule", "expr"),
    [
        (target_job, 'slo:error_budget:ratio{sloth_slo="deck"}'),
        (target_job, 'ALERTS{alertstate="firing"}'),
        (target_instance, 'job:http_requests:rate5m{job=~"$job"}'),
        (target_rate_interval, f"increase({REQUESTS}{{{CHOSEN}}}[$__range])"),
        (target_promql, f"sum_over_time(up{{{CHOSEN}}}[${{__range_s}}s:$__interval])"),
    ],
)
def test_what_a_rule_cannot_mean_is_accepted(rule: ModuleType, expr: str, tmp_path: Path) -> None:
    assert said(rule, drawn(tmp_path, changed((EXPR, expr)))) == []


def test_words_have_no_unit_and_a_text_asks_nothing(tmp_path: Path) -> None:
    text = changed(((*OTHER, "type"), "text"), ((*OTHER, "targets"), []), (UNIT, GONE))
    loaded = drawn(tmp_path, text)
    assert said(panel_units, loaded) + said(panel_no_targets, loaded) == []


def test_the_unit_of_an_override_is_read_too(tmp_path: Path) -> None:
    override = {
        "matcher": {"id": "byFrameRefID", "options": "A"},
        "properties": [{"id": "unit", "value": "reqs"}],
    }
    board = changed(((*OTHER, "fieldConfig", "overrides"), [override]))
    (found,) = said(panel_units, drawn(tmp_path, board))
    assert "'reqs' is no unit of Grafana" in found


def test_two_data_sources_are_told_apart_by_their_names(tmp_path: Path) -> None:
    board = with_logs(LINES)
    board["templating"]["list"][0] |= {"name": "datasource", "label": "Data source"}
    name, label = said(template_datasource, drawn(tmp_path, board))
    assert name.endswith("prometheus_datasource")
    assert label.endswith("Prometheus data source")
