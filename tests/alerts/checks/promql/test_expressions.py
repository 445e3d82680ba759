"""Checks of PromQL: each with expressions that it rejects, and some that it accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alerts.checks.promql import (
    aggregate,
    counter,
    features,
    impossible,
    labels,
    nan,
    offset,
    performance,
    range_query,
    rate,
    regexp,
    selector,
    series,
    syntax,
    vector_matching,
)
from alerts.checks.rules import guarded
from tests.alerts.checks.written import good, recorded, said, written

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

COUNT = "http_server_request_duration_seconds_count"
BUCKET = "http_server_request_duration_seconds_bucket"
SWIPES = "petswipe_swipes_total"
WAITING = "petswipe_outbox_waiting"

REJECTED: list[tuple[ModuleType, str, str]] = [
    (syntax, "sum(", "no PromQL: "),
    (syntax, "rate(up)", "no PromQL: "),
    (syntax, "nonsense(up)", "no PromQL: "),
    (features, "mad_over_time(up[5m])", "mad_over_time() is not in Prometheus 2.42"),
    (features, "limitk(3, up)", "limitk() is not in Prometheus 2.42, or behind a flag"),
    (series, "petswipe_swypes_total > 1", "no metric of the catalogue, no exporter and no rule"),
    (series, "up / (petswipe_swypes_total > 0)", "no metric of the catalogue"),
    (series, "rate(petswipe_swypes_total[5m])", "no metric of the catalogue"),
    (series, "scalar(job:swipes:rate5m)", "no metric of the catalogue"),
    (series, '{job="petswipe-api"}', "a selector without a name"),
    (labels, f'{SWIPES}{{way="like"}}', f"{SWIPES} has no label way: direction, job, instance"),
    (labels, f'rate({SWIPES}{{direction="up"}}[5m])', f"{SWIPES}: direction is never 'up': "),
    (labels, f'rate({SWIPES}{{direction!="up"}}[5m])', f"{SWIPES}: direction is never 'up': "),
    (labels, f'{SWIPES}{{direction=~"like|up"}}', f"{SWIPES}: direction is never 'up': "),
    (labels, f'{COUNT}{{http_route="/api/swipe"}}', f"{COUNT}: http_route is never '/api/swipe'"),
    (labels, f'{BUCKET}{{le="0.2"}}', f"{BUCKET}: le is never '0.2': "),
    (labels, f'{WAITING}{{job="petswipe-api"}}', f"{WAITING}: job is never 'petswipe-api': "),
    (labels, 'job:http_requests:rate5m{instance="a"}', "job:http_requests:rate5m has no label ins"),
    (labels, 'slo:error_budget:ratio{sloth_slo="dock"}', "slo:error_budget:ratio: sloth_slo is n"),
    (rate, f"rate({SWIPES}[30s])", f"{SWIPES}[30s] is too short a window: 1m at least"),
    (rate, f"increase({SWIPES}[45s])", f"{SWIPES}[45s] is too short a window: 1m at least"),
    (rate, f"irate({SWIPES}[15s])", f"{SWIPES}[15s] is too short a window: 30s at least"),
    (rate, "changes(process_start_time_seconds[15s])", "process_start_time_seconds[15s] is too s"),
    (rate, f"resets({SWIPES}[15s])", f"{SWIPES}[15s] is too short a window: 30s at least"),
    (rate, f"rate({WAITING}[5m])", f"rate() of {WAITING}, which is a gauge: use delta() or deriv("),
    (rate, f"delta({SWIPES}[5m])", f"delta() of {SWIPES}, which is a counter: use rate() or incre"),
    (rate, "rate(job:http_requests:rate5m[5m])", "rate() of job:http_requests:rate5m, which is r"),
    (rate, f"rate(sum({SWIPES})[5m:1m])", "rate() of a subquery misses resets of counters"),
    (counter, f"{SWIPES} > 10", f"{SWIPES} is a counter: use rate() or increase() of it"),
    (counter, f"sum({COUNT}) > 10", f"{COUNT} is a counter: use rate() or increase() of it"),
    (counter, f"max_over_time({SWIPES}[5m])", f"{SWIPES} is a counter: use rate() or increase()"),
    (counter, f"{SWIPES} - {COUNT}", f"{COUNT} is a counter: use rate() or increase() of it"),
    (
        vector_matching,
        'up{job="redis"} * on (job) pg_up{job="postgres"}',
        "* is matched by job, of which the sides never have the same value",
    ),
    (
        vector_matching,
        f"{WAITING} / ({SWIPES} > 0)",
        f"/ is matched by direction, which {WAITING} does not have",
    ),
    (
        vector_matching,
        f"{WAITING} and on (route) {WAITING}",
        f"and is matched by route, which {WAITING} does not have",
    ),
    (
        vector_matching,
        f"{WAITING} / on (job) (petswipe_outbox_dead > 0)",
        f"{WAITING} can have several series for one of the other side, by instance",
    ),
    (
        vector_matching,
        "up unless sum(up)",
        "unless is matched by instance, which sum(up) does not have",
    ),
    (impossible, "sum by (cluster) (sum(up))", "sum by (cluster): sum(up) has no such label"),
    (impossible, "max by (instance) (job:http_requests:rate5m)", "max by (instance): "),
    (
        impossible,
        f'{SWIPES}{{direction="like",direction="pass"}}',
        f'{SWIPES}{{direction="like",direction="pass"}}: no value of direction fulfils',
    ),
    (impossible, 'count(up{job="redis"}) == 0', "count() == 0: count() of nothing is nothing"),
    (impossible, 'count(up{job="redis"}) < 1', "count() < 1: count() of nothing is nothing"),
    (guarded, "redis_memory_used_bytes / redis_memory_max_bytes", "divides by redis_memory_max_by"),
    (guarded, f"sum(rate({SWIPES}[5m])) / sum(rate({COUNT}[5m]))", "divides by sum(rate("),
    (guarded, "up / (up >= 0)", "divides by up >= 0, which can be 0"),
    (guarded, "up / clamp_min(up, 0)", "divides by clamp_min(up, 0), which can be 0"),
    (guarded, "up / 0", "divides by 0, which can be 0"),
    (guarded, "up % up", "divides by up, which can be 0"),
    (guarded, "up / ((up > 0) or vector(0))", "divides by (up > 0) or vector(0)"),
    (guarded, "up / job:http_requests:rate5m", "divides by job:http_requests:rate5m"),
    (nan, "sum(up / up)", "sum() over up / up: one division by 0 and all is NaN"),
    (nan, "avg by (job) (1 - up / up)", "avg() over up / up"),
    (nan, "up == NaN", "up == NaN: nothing compares with NaN"),
    (range_query, "avg_over_time(up[36d])", "up[36d] needs 36d, and Prometheus keeps 35d"),
    (range_query, "avg_over_time(up[30d] offset 1w)", "up[30d] offset 1w needs 37d"),
    (range_query, "max_over_time(rate(petswipe_swipes_total[6d])[30d:1h])", "petswipe_swipes_tot"),
    (range_query, "last_over_time(up[10s])", "up[10s] can hold no sample: there is one each 15s"),
    (
        range_query,
        "max_over_time(job:http_requests:rate5m[20s])",
        "job:http_requests:rate5m[20s] c",
    ),
    (offset, "up offset 36d", "up offset 36d: Prometheus keeps 35d"),
    (offset, "rate(petswipe_swipes_total[5m] offset 36d)", "petswipe_swipes_total offset 36d: P"),
    (offset, "up offset -5m", "up offset -5m: not known yet"),
    (regexp, 'up{job=~"redis"}', 'job=~"redis": no pattern: use = or !='),
    (regexp, 'up{job!~"redis"}', 'job!~"redis": no pattern: use = or !='),
    (regexp, 'up{job=~"^petswipe-.+"}', 'job=~"^petswipe-.+": Prometheus anchors patterns itself'),
    (regexp, 'up{job=~"petswipe-.+$"}', 'job=~"petswipe-.+$": Prometheus anchors patterns itsel'),
    (regexp, 'up{job=~".*"}', 'job=~".*": matches everything: leave it out'),
    (selector, "sum(up)", "up is shown by alertmanager, "),
    (selector, "sum by (instance) (rate(process_cpu_seconds_total[5m]))", "process_cpu_seconds_t"),
    (selector, "count(petswipe_build_info)", "petswipe_build_info is shown by petswipe-api, petsw"),
    (aggregate, f"sum(rate({COUNT}[5m])) by (job)", "is of level service and has the label job"),
    (performance, f"max(sum by (job) (rate({COUNT}[5m])))", "sum by (job)(rate("),
]
ACCEPTED: list[tuple[ModuleType, str]] = [
    (syntax, "sum by (job) (rate(http_server_first_byte_seconds_count[5m])) / 2 > bool 1"),
    (features, "topk(3, quantile_over_time(0.5, up[5m]))"),
    (series, f"rate({SWIPES}[5m]) > 1 and on (job) job:http_requests:rate5m"),
    (series, "redis_up or pg_up or up or ALERTS or ALERTS_FOR_STATE"),
    (labels, f'{SWIPES}{{direction=~"like|pass",job="petswipe-api",instance=~".+"}}'),
    (labels, f'{COUNT}{{error_type=""}} or {COUNT}{{http_route="/api/pets/{{pet_id}}"}}'),
    (labels, f'{COUNT}{{http_response_status_code=~"5..",error_type!~"error|timeout"}}'),
    (labels, f'{BUCKET}{{le="0.15"}} + ignoring (le) {BUCKET}{{le="+Inf"}}'),
    (labels, 'ALERTS{alertname!="",alertstate="firing"}'),
    (labels, 'slo:error_budget:ratio{sloth_slo="deck"}'),
    (rate, f"rate({SWIPES}[1m]) + irate({SWIPES}[30s]) + resets({SWIPES}[30s])"),
    (rate, "rate(pg_stat_database_xact_commit[5m])"),
    (rate, f"changes(process_start_time_seconds[30s]) + changes({SWIPES}[30s])"),
    (rate, f"deriv({WAITING}[5m]) + max_over_time(rate({SWIPES}[5m])[1h:1m])"),
    (counter, f"sum(rate({SWIPES}[5m])) + count({SWIPES}) + resets({SWIPES}[5m])"),
    (counter, f"last_over_time({SWIPES}[5m]) - {SWIPES} offset 5m"),
    (counter, f"{WAITING} > 5 unless on (instance) {SWIPES}"),
    (counter, f"absent({SWIPES})"),
    (vector_matching, 'redis_db_keys / on (job, instance) group_left () up{job="redis"}'),
    (vector_matching, f"sum by (job) ({WAITING}) / sum by (job) (petswipe_outbox_dead)"),
    (vector_matching, f"{WAITING} > 5 and on (job, instance) petswipe_outbox_dead"),
    (vector_matching, "sum(up) or vector(0)"),
    (vector_matching, f'{COUNT} / ignoring (error_type) group_left () {COUNT}{{error_type=""}}'),
    (
        vector_matching,
        'node_memory_MemTotal_bytes * on () group_left () slo:error_budget:ratio{sloth_slo="x"}',
    ),
    (impossible, f"sum by (direction) (rate({SWIPES}[5m]))"),
    (impossible, 'sum by (dst) (label_replace(up, "dst", "$1", "job", "(.*)"))'),
    (impossible, "count(up) < 2 or count(up) == 1 or sum(up) == 0"),
    (guarded, "redis_memory_used_bytes / (redis_memory_max_bytes > 0)"),
    (guarded, "redis_memory_used_bytes / clamp_min(redis_memory_max_bytes, 1)"),
    (guarded, "up / 60 / 60 + up / -2 + up / count(up) + up / sum(up > 0) + up / (0 < up)"),
    (guarded, "up / (up != 0) + up / (up and up > 0)"),
    (guarded, "job:http_requests:rate5m / on () group_left () slo:error_budget:ratio"),
    (nan, "sum(up / (up > 0)) + max(up / up)"),
    (range_query, "max_over_time(job:http_requests:rate5m[30s]) + last_over_time(up[15s])"),
    (range_query, "avg_over_time(up[35d]) + avg_over_time(up[30d] offset 5d)"),
    (offset, "up offset 35d + up"),
    (regexp, 'up{job=~"redis|node",instance=~".+:9121",job!~"petswipe-.*"}'),
    (selector, 'sum(up{job="redis"}) + sum(petswipe_swipes_total)'),
    (selector, "sum by (job) (up)"),
    (aggregate, "sum(rate(petswipe_swipes_total[5m]))"),
    (performance, f"sum by (instance) (rate({COUNT}[5m]))"),
    (performance, f"sum by (job) (up) / sum by (job) (rate({COUNT}[5m]))"),
]


@pytest.mark.parametrize(("check", "expr", "message"), REJECTED)
def test_a_wrong_expression_is_found(
    check: ModuleType, expr: str, message: str, tmp_path: Path
) -> None:
    found = said(check, written(tmp_path, recorded(expr)))
    assert any(text.startswith(f"service:mine:ratio: {message}") for text in found), found


@pytest.mark.parametrize(("check", "expr", "message"), REJECTED)
def test_a_wrong_expression_is_found_in_an_alert_too(
    check: ModuleType, expr: str, message: str, tmp_path: Path
) -> None:
    if check is aggregate:
        return  # alerts have no level
    found = said(check, written(tmp_path, good(expr=expr)))
    assert any(text.startswith(f"CacheDown: {message}") for text in found), found


@pytest.mark.parametrize(("check", "expr"), ACCEPTED)
def test_a_right_expression_is_accepted(check: ModuleType, expr: str, tmp_path: Path) -> None:
    loaded = written(tmp_path, recorded(expr))
    assert loaded.rules[-1].error == ""
    assert said(check, loaded) == []


def test_a_finding_has_the_line_of_its_rule(tmp_path: Path) -> None:
    loaded = written(tmp_path, recorded("up"), recorded("sum("))
    (problem,) = syntax.check(loaded)
    path, _, line = problem.where.rpartition(":")
    lines = (tmp_path / "mine.rules.yml").read_text().splitlines()
    assert path == str(tmp_path / "mine.rules.yml")
    assert "record: service:mine:ratio" in lines[int(line) - 1]
    assert "expr: sum(" in lines[int(line)]
    assert problem.rule == "service:mine:ratio"


@pytest.mark.parametrize(
    ("record", "expr", "message"),
    [
        ("instance:mine:sum", "sum by (job) (up)", "is of level instance and has no label instan"),
        ("job:mine:sum", "sum by (instance) (up)", "is of level job and has no label job: keep it"),
        ("job:mine:sum", "sum by (job, instance) (up)", "is of level job and has the label inst"),
        ("slo:mine:sum", "up", "is of level slo and has the label instance: drop it"),
    ],
)
def test_the_level_of_a_name_is_what_its_labels_say(
    record: str, expr: str, message: str, tmp_path: Path
) -> None:
    found = said(aggregate, written(tmp_path, recorded(expr, record)))
    assert any(text.startswith(f"{record}: {message}") for text in found), found


@pytest.mark.parametrize(
    ("record", "expr"),
    [
        ("instance:mine:sum", "sum by (job, instance) (up)"),
        ("job:mine:sum", "sum by (job, integration) (alertmanager_notifications_failed_total)"),
        ("service:mine:sum", 'sum(up{job="redis"})'),
    ],
)
def test_a_record_with_the_labels_of_its_level_is_accepted(
    record: str, expr: str, tmp_path: Path
) -> None:
    assert said(aggregate, written(tmp_path, recorded(expr, record))) == []
