"""What stands for a variable when a query is read."""

from __future__ import annotations

from typing import Any

import pytest

from dashboards.checks.variables import expand

WINDOW = {"name": "window", "current": {"value": "1h"}}
SHARE = {"name": "share", "options": [{"value": "0.9"}]}
JOB = {"name": "job", "current": {"value": ["$__all"]}}


@pytest.mark.parametrize(
    ("query", "expanded"),
    [
        ("rate(x[$__rate_interval])", "rate(x[5m])"),
        ("sum_over_time(x[${__range}:$__interval])", "sum_over_time(x[5m:5m])"),
        ("x / $__range_s * ${__interval_ms}", "x / 300 * 300"),
        ("rate(x[$window])", "rate(x[1h])"),
        ("quantile([[share]], x)", "quantile(0.9, x)"),
        ("x @ ${__from:date:seconds}", "x @ 300"),
        ('x{job=~"$job"}', 'x{job=~"$job"}'),
        ('label_replace(x, "a", "$1", "b", "(.*)$")', 'label_replace(x, "a", "$1", "b", "(.*)$")'),
        ("sum by ($job) (x)", "sum by (any) (x)"),
    ],
)
def test_values_stand_in_place_of_variables_but_not_in_strings(query: str, expanded: str) -> None:
    assert expand(query, [WINDOW, SHARE, JOB]) == expanded


@pytest.mark.parametrize("query", ["rate(x[$other])", 'x{a="${other}"}', "x[[[other]]]"])
def test_a_variable_that_the_board_lacks_is_refused(query: str) -> None:
    known: list[dict[str, Any]] = [WINDOW]
    with pytest.raises(LookupError, match="the dashboard has no variable other"):
        expand(query, known)
