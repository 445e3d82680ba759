from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.loadtests.rules.reading import refusal_with

if TYPE_CHECKING:
    from pathlib import Path

WRONG = {
    "expression that no value matches": (
        'pool_name="primary"',
        'pool_name=~"prim|repl"',
        (
            "rules.yml:60: rules[7].measure.query: db_client_connection_wait_time_seconds_bucket: "
            "db_client_connection_pool_name is never 'prim|repl'; did you mean primary?"
        ),
    ),
    "limit that is never broken": (
        "warn: 90 %, fail: 85 %",
        "fail: 0 %",
        "rules.yml:82: rules[8].limit.at_least.fail: 0 % can never be broken; a number above 0",
    ),
    "unknown metric": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            'rate(db_client_connection_waittime_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            "rules.yml:60: rules[7].measure.query: there is no series "
            "'db_client_connection_waittime_seconds_bucket'; did you mean "
            "db_client_connection_wait_time_seconds_bucket?"
        ),
    ),
    "unknown label": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool="primary"}[{{.window}}])'
        ),
        (
            "rules.yml:60: rules[7].measure.query: "
            "db_client_connection_wait_time_seconds_bucket has no label "
            "db_client_connection_pool; did you mean db_client_connection_pool_name?"
        ),
    ),
    "unknown label value": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primry"}[{{.window}}])'
        ),
        (
            "rules.yml:60: rules[7].measure.query: "
            "db_client_connection_wait_time_seconds_bucket: db_client_connection_pool_name "
            "is never 'primry'; did you mean primary?"
        ),
    ),
    "unknown group": (
        "sum by (le)",
        "sum by (lee)",
        (
            "rules.yml:60: rules[7].measure.query: sum by "
            "(lee)(rate(db_client_connection_wait_time_seconds_bu… has no label lee; did "
            "you mean le?"
        ),
    ),
    "several series": (
        "sum by (le)",
        "sum by (le, instance)",
        (
            "rules.yml:60: rules[7].measure.query: histogram_quantile(0.99, sum by (le, "
            "instance)(rate(db_clie… may give several series; put sum() around it"
        ),
    ),
    "not PromQL": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        "rate(",
        (
            "rules.yml:60: rules[7].measure.query: this is not PromQL: unclosed left "
            "parenthesis; in 'histogram_quantile(0.99, sum by (le) ( rate( ))'"
        ),
    ),
    "no series": (
        (
            "histogram_quantile(0.99, sum by (le) (\n          "
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])\n'
            "        ))"
        ),
        "vector(0)",
        (
            "rules.yml:60: rules[7].measure.query: vector() gives a number where there is "
            "no data; leave it out"
        ),
    ),
    "fixed range": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[5m])'
        ),
        (
            "rules.yml:60: rules[7].measure.query: the range [5m] is not what was judged; "
            "give [{{.window}}]"
        ),
    ),
    "offset": (
        (
            'rate(db_client_connection_wait_time_seconds_bucket{db_client_connection_pool_name="primary"}[{{.window}}])'
        ),
        (
            "rate(db_client_connection_wait_time_seconds_bucket"
            '{db_client_connection_pool_name="primary"}[{{.window}}] offset 1h)'
        ),
        (
            "rules.yml:60: rules[7].measure.query: "
            "db_client_connection_wait_time_seconds_bucket is read at another time; leave "
            "offset and @ out"
        ),
    ),
    "or vector(0)": (
        "[{{.window}}]))\n        / sum",
        "[{{.window}}])) or vector(0)\n        / sum",
        (
            "rules.yml:75: rules[8].measure.query: vector() gives a number where there is "
            "no data; leave it out; or may hide that there is no data; leave it out"
        ),
    ),
    "absent": (
        "[{{.window}}]))\n        / sum",
        "[{{.window}}]))\n        / absent(up) / sum",
        (
            "rules.yml:75: rules[8].measure.query: absent() gives a number where there is "
            "no data; leave it out"
        ),
    ),
    "comparison that makes a number of NaN": (
        "histogram_quantile(0.99, sum by (le) (",
        "0 < bool histogram_quantile(0.99, sum by (le) (",
        (
            "rules.yml:60: rules[7].measure.query: "
            "0 < bool histogram_quantile(0.99, sum by (le)(rate(db_clien… compares, "
            "and hides what was measured; give it as a limit"
        ),
    ),
    "comparison": (
        "[{{.window}}]))\n        / sum",
        "[{{.window}}])) > 5\n        / sum",
        (
            "rules.yml:75: rules[8].measure.query: "
            'sum(increase(petswipe_cache_requests_total{cache="deck",res… compares, '
            "and hides what was measured; give it as a limit"
        ),
    ),
    "bare selector": (
        'sum(increase(petswipe_cache_requests_total{cache="deck"}[{{.window}}]))',
        'increase(petswipe_cache_requests_total{cache="deck"}[{{.window}}])',
        (
            "rules.yml:75: rules[8].measure.query: "
            'sum(increase(petswipe_cache_requests_total{cache="deck",res… may give several '
            "series; put sum() around it"
        ),
    ),
    "query unit": (
        "unit: s\n",
        "unit: ms\n",
        "rules.yml:64: rules[7].measure.unit: 'ms' is none of its values; did you mean s?",
    ),
    "query shape": (
        "unit: s\n      shape: number",
        "unit: s\n      shape: vector",
        ("rules.yml:65: rules[7].measure.shape: 'vector' is none of its values; one of number"),
    ),
    "query shape missing": (
        "unit: s\n      shape: number\n",
        "unit: s\n",
        "rules.yml:59: rules[7].measure: shape is missing",
    ),
    "query worse missing": (
        "      worse: higher\n",
        "",
        "rules.yml:59: rules[7].measure: worse is missing",
    ),
}


@pytest.mark.parametrize(("right", "wrong", "told"), WRONG.values(), ids=WRONG)
def test_a_query_that_may_mislead_is_told_with_its_line(
    right: str, wrong: str, told: str, tmp_path: Path
) -> None:
    assert refusal_with(right, wrong, tmp_path) == told
