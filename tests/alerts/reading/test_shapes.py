"""Labels of results, as Prometheus' documentation of operators and functions has them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import promql_parser
import pytest

from alerts.reading.shapes import Shapes, Values
from alerts.rule_files import dump

if TYPE_CHECKING:
    from pathlib import Path

    from tests.alerts.conftest import Run

TWO = frozenset({"a", "b"})
SERIES: dict[str, dict[str, Values]] = {
    "requests": {"job": TWO, "instance": None, "code": frozenset({"", "200", "500"})},
    "up": {"job": TWO, "instance": None},
    "info": {"job": TWO, "version": None},
    "buckets": {"job": TWO, "le": None},
}


CODES = ("", ',code="200"', ',code="500"')
LABELS = [
    ("requests", "code instance job"),
    ('requests{code=""}', "instance job"),
    ("requests[5m]", "code instance job"),
    ("-requests offset 5m", "code instance job"),
    ("max_over_time(requests[1h:5m])", "code instance job"),
    ("sum(requests)", ""),
    ("sum by (job, region) (requests)", "job"),
    ("sum without (job) (requests)", "code instance"),
    ("topk(3, requests)", "code instance job"),
    ("quantile(0.9, requests)", ""),
    ('count_values("version", sum by (job) (requests))', "version"),
    ('count_values by (job) ("version", requests)', "job version"),
    ("requests * 2", "code instance job"),
    ("2 * requests > 1", "code instance job"),
    ("requests / up", "instance job"),
    ("requests / on (job) info", "job"),
    ("requests / ignoring (code) up", "instance job"),
    ("requests * on (job) group_left (version) info", "code instance job version"),
    ("info * on (job) group_right (version) requests", "code instance job version"),
    ("requests and on (job) info", "code instance job"),
    ("requests unless info", "code instance job"),
    ("up or info", "instance job version"),
    ("vector(1) or up", "instance job"),
    ('absent(requests{job="a",code=~"5.."})', "job"),
    ('absent_over_time(requests{job="a"}[5m])', "job"),
    ("absent(sum(requests))", ""),
    ("histogram_quantile(0.9, buckets)", "job"),
    ("clamp_min(requests, 1)", "code instance job"),
    ('label_replace(up, "zone", "$1", "instance", "(.*)")', "instance job zone"),
    ("vector(1)", ""),
    ("time() - 5", ""),
    ("scalar(up)", ""),
]
# Of every combination one: what Prometheus has really scraped.
SCRAPED = (
    *(f'requests{{job="{job}",instance="x"{code}}}' for job in "ab" for code in CODES),
    *(f'up{{job="{job}",instance="x"}}' for job in "ab"),
    *(f'info{{job="{job}",version="1"}}' for job in "ab"),
    *(f'buckets{{job="{job}",le="{le}"}}' for job in "ab" for le in ("1", "+Inf")),
)
GOT = re.compile(r"^\s+expr: (\".*\"), time: .*\n\s+exp:.*\n\s+got:(.*)$", re.MULTILINE)


@pytest.mark.parametrize(("expression", "labels"), LABELS)
def test_labels_are_those_that_prometheus_leaves(expression: str, labels: str) -> None:
    shape = Shapes(SERIES.get).of(promql_parser.parse(expression))
    assert shape is not None
    assert " ".join(sorted(shape)) == labels


@pytest.mark.parametrize(
    ("expression", "label", "values"),
    [
        ('up{job="a"}', "job", {"a"}),
        ('up{job!="a"}', "job", {"b"}),
        ('up{job=~"a|c"}', "job", {"a"}),
        ('up{job!~"a|b"}', "job", set()),
        ('sum by (job) (rate(requests{job="b"}[5m]))', "job", {"b"}),
        ('requests{code=~".+"}', "code", {"200", "500"}),
        ('up{job="a"} or up{job="b"}', "job", {"a", "b"}),
        ('up{job="a"} or vector(0)', "job", {"a", ""}),
        ('up{job="a"} * up', "job", {"a"}),
        ('up{instance="here"}', "instance", {"here"}),
        ("up", "instance", None),
    ],
)
def test_values_are_those_that_the_conditions_leave(
    expression: str, label: str, values: set[str] | None
) -> None:
    shape = Shapes(SERIES.get).of(promql_parser.parse(expression))
    assert shape is not None
    assert shape[label] == values


@pytest.mark.parametrize("expression", ["unknown", "sum(unknown)", "up / unknown", "abs(unknown)"])
def test_the_labels_of_an_unknown_series_are_not_made_up(expression: str) -> None:
    assert Shapes(SERIES.get).of(promql_parser.parse(expression)) is None


def test_prometheus_itself_leaves_these_labels(promtool: Run, tmp_path: Path) -> None:
    checked = [expression for expression, _ in LABELS if "[" not in expression[-5:]]
    document = {
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": "1+1x20"} for series in SCRAPED],
                "promql_expr_test": [
                    {"expr": expression, "eval_time": "20m", "exp_samples": []}
                    for expression in checked
                ],
            }
        ]
    }
    path = tmp_path / "labels.yml"
    path.write_text(dump(document))
    done = promtool("test", "rules", path)
    found = {json.loads(expression): got for expression, got in GOT.findall(done.stdout)}
    # The others have no result here, like what is absent.
    assert len(found) == len(checked) - 4, done.stdout
    for expression, labels in LABELS:
        if expression in found:
            left = set(re.findall(r'(\w+)="', found[expression])) - {"__name__"}
            assert " ".join(sorted(left)) == labels, expression
